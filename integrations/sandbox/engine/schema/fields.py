"""Fields: the attributes of a resource."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any


class FieldType(enum.Enum):
    """How a value is parsed and shown."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"  # accepts "True", "False", 1, 0, true, false
    DATE = "date"  # shown as YYYY-MM-DD even if a time was sent
    DATETIME = "datetime"  # YYYY-MM-DD hh:mm:ss, UTC
    BIRTHDAY = "birthday"  # a date; the year is always 1970
    TIMESTAMP = "timestamp"  # 2026-01-31T09:00:00.000000Z, set by the server only
    ANY = "any"


class Column(enum.Enum):
    """Whether an attribute has a column of its own, for filters and lookups."""

    NONE = "none"
    PLAIN = "plain"
    DIGITS = "digits"  # for phone numbers, which compare by their digits


@dataclass(frozen=True)
class Field:
    """An attribute.

    - `assignable`: clients may set it.
    - `fixed`: clients may set it only when they create the record.
    - `shown`: responses include it.
    - `choices`: the only valid values, if any.
    - `indexed`: its column has an index.
    """

    name: str
    type: FieldType = FieldType.TEXT
    assignable: bool = True
    fixed: bool = False
    shown: bool = True
    default: object = None
    choices: tuple[str, ...] = ()
    column: Column = Column.NONE
    indexed: bool = False


@dataclass(frozen=True)
class Section:
    """An object inside a record, e.g. `preferences`. What a client sends is merged into it."""

    name: str
    fields: tuple[Field, ...]
    always_shown: bool = True

    def defaults(self) -> dict[str, Any]:
        """Return the default values of its fields."""
        return {field.name: field.default for field in self.fields}


@dataclass(frozen=True)
class Items:
    """A list of objects inside a record, e.g. `licenses`. Sending an item adds it, or replaces the one with the same keys.

    - `keys`: the fields that identify an item.
    - `removed_by`: the property that removes items.
    - `value_field`: sending null for this field removes the item.
    """

    name: str
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    removed_by: str = ""
    value_field: str = ""
    always_shown: bool = False
