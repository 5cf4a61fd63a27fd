"""Custom fields: definitions, and values of contacts, loans, accounts, users and entities."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from .record import Record
from .references import AccountClass


@dataclass(frozen=True, repr=False)
class CustomValue(Record):
    """The value of a custom field. Its type is in the field's definition."""

    field_name: str

    @property
    def value(self) -> Any:
        """The value as it was received."""
        return self.raw.get("value")


@dataclass(frozen=True, repr=False)
class CustomField(Record):
    """The definition of a custom field, identified by `system_name`. The vendor documents no id."""

    id: int | None
    system_name: str
    display_name: str
    data_type: str
    entity_type: str
    entity_subtype: str
    account_class: AccountClass | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {
        "entity_type": ("related_entity", "entity_type"),
        "entity_subtype": ("related_entity", "entity_subtype"),
    }


@dataclass(frozen=True, repr=False)
class ParticipantRole(Record):
    """A role that a contact can have in a loan or account. If `discrete`, at most one contact has it."""

    id: int | None
    system_name: str
    display_name: str
    required: bool | None
    account_class: AccountClass | None
    type_name: str
    discrete: bool | None

    JSON_PATHS = {"type_name": ("role_type", "type_name"), "discrete": ("role_type", "discrete")}
