"""Entities: households, employers, branches and whatever else contacts belong to."""

import datetime as dt
from dataclasses import dataclass

from .custom_fields import CustomValue
from .record import Record, TextId
from .references import Reference, RelatedEntities


@dataclass(frozen=True, repr=False)
class Entity(Record):
    """Something that contacts belong to. `entity_type` is its system name, such as household."""

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

    PLACES = {"entity_type": ("entity_type", "system_name")}


@dataclass(frozen=True, repr=False)
class EntityRelationshipType(Record):
    """How an entity and its children belong together. What else there is of it, is in `raw`."""

    id: TextId | None
    system_name: str
    display_name: str
