"""The base of the typed records.

A record is a dataclass whose annotations state how the JSON property of the same name is parsed; to add a resource,
write one. A property that is absent or invalid becomes None or empty. Only a record without a valid id (`int` or
`TextId`), or `Name` if it has no id, can't be parsed: `from_json` returns None.
"""

import datetime as dt
import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, NewType, Self, Union, get_args, get_origin, get_type_hints

from .. import parse

#: A text id: hexadecimal digits or a UUID. Required.
TextId = NewType("TextId", str)
#: A name that identifies a record for which the vendor returns no id. Required.
Name = NewType("Name", str)
#: Any whole number. A plain `int` is an id.
Number = NewType("Number", int)


@dataclass(frozen=True, repr=False)
class Record:
    """The base of all records. `raw` is the whole JSON object. ``repr`` shows the id only: records are personal data."""

    raw: dict[str, Any] = field(hash=False)

    #: The path to a property in the JSON object, for attributes that don't have the property's own name.
    JSON_PATHS: ClassVar[dict[str, tuple[str, ...]]] = {}

    @classmethod
    def from_json(cls, data: Any) -> Self | None:
        """Return the record in a JSON value, or None if it is not an object or lacks a required property."""
        if not isinstance(data, dict):
            return None
        found: dict[str, Any] = {}
        kind: Any = cls
        for name, path, parser, required in _attributes(kind):
            value: Any = data
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            found[name] = parser(value)
            if required and found[name] is None:
                return None
        return cls(raw=data, **found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={getattr(self, 'id', None)})"

    def _object(self, name: str) -> dict[str, Any]:
        """Return a property with a custom structure as it is; an empty object if it is missing."""
        value = self.raw.get(name)
        return value if isinstance(value, dict) else {}


@functools.cache
def _attributes(cls: Any) -> list[tuple[str, tuple[str, ...], Callable[[Any], Any], bool]]:
    """Return name, JSON path, parser and whether it is required, for each attribute of a record class."""
    hints = get_type_hints(cls)
    return [
        (
            each.name,
            cls.JSON_PATHS.get(each.name, (each.name,)),
            _parser(hints[each.name]),
            hints[each.name] in (int, TextId, Name),
        )
        for each in fields(cls)
        if each.name != "raw"
    ]


_PARSERS: dict[Any, Callable[[Any], Any]] = {
    str: parse.text,
    int: parse.integer_id,
    TextId: parse.text_id,
    Name: parse.required_text,
    Number: parse.integer,
    Decimal: parse.decimal,
    bool: parse.boolean,
    dt.datetime: parse.timestamp,
    dt.date: parse.date,
}


def _parser(kind: Any) -> Callable[[Any], Any]:
    """Return the parser for an annotated type: one of the above, a record, or a tuple of records."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not types.NoneType)
    if get_origin(kind) is tuple:
        return functools.partial(_parse_list, get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Record):
        return kind.from_json
    return _PARSERS[kind]


def _parse_list(kind: type[Record], value: Any) -> tuple[Record, ...]:
    """Return the records in a list. Items that can't be parsed are left out; `raw` still has them."""
    found = (kind.from_json(each) for each in parse.array(value) or ())
    return tuple(each for each in found if each is not None)
