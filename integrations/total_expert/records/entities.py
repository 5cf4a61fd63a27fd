"""Entities that contacts belong to: households, employers, branches and others."""

import datetime as dt
from dataclasses import dataclass

from .custom_fields import CustomValue
from .record import Record, TextId
from .references import Reference, RelatedEntities


@dataclass(frozen=True, repr=False)
class Entity(Record):
    """Something that contacts belong to. `entity_type` is the system name of its type, such as household."""

    id: TextId
    entity_name: str
    entity_type: str
    external_id: str
    address: str
    address_2: str
    city: str
    state: str
    zip_code: str
    phone: str
    owner: Reference | None
    related_entities: tuple[RelatedEntities, ...]
    custom: tuple[CustomValue, ...]
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {"entity_type": ("entity_type", "system_name")}


@dataclass(frozen=True, repr=False)
class EntityRelationshipType(Record):
    """A type of relationship between an entity and its children. `raw` has its other, undocumented properties."""

    id: TextId | None
    system_name: str
    display_name: str
