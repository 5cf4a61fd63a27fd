"""Typed records: what the API's JSON objects become, attribute by attribute, with the whole object as `.raw`.

A record is a dataclass whose annotations say how each property of the same name is read; adding a resource is
writing one. Reading never fails on a property: what is absent or malformed becomes None, or empty. Only a
record without its usable `id` (`int` or `TextId`), or `Name` where it has no id, is none, which `read` answers
with None.
"""

import datetime as dt
import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, NewType, Self, Union, get_args, get_origin, get_type_hints

from .. import values

#: A textual id, where the vendor numbers by hexadecimal digits or UUIDs.
TextId = NewType("TextId", str)
#: A text that can't be missing, where the vendor names by words and shows no id.
Name = NewType("Name", str)
#: A whole number of any size and sign; a plain `int` is an id.
Number = NewType("Number", int)


@dataclass(frozen=True, repr=False)
class Record:
    """What all records have in common. Their `repr` shows the id only, since records hold personal data."""

    raw: dict[str, Any] = field(hash=False)

    #: Where properties are that are not found under the attribute's own name, as paths.
    PLACES: ClassVar[dict[str, tuple[str, ...]]] = {}

    @classmethod
    def read(cls, data: Any) -> Self | None:
        """The record in a JSON value; None when it is no object or lacks what the record can't be without."""
        if not isinstance(data, dict):
            return None
        found: dict[str, Any] = {}
        kind: Any = cls
        for name, place, reader, required in _plan(kind):
            value: Any = data
            for step in place:
                value = value.get(step) if isinstance(value, dict) else None
            found[name] = reader(value)
            if required and found[name] is None:
                return None
        return cls(raw=data, **found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={getattr(self, 'id', None)})"

    def _object(self, name: str) -> dict[str, Any]:
        """A property whose shape is the organization's own, as it came; empty where there is none."""
        value = self.raw.get(name)
        return value if isinstance(value, dict) else {}


@functools.cache
def _plan(cls: Any) -> list[tuple[str, tuple[str, ...], Callable[[Any], Any], bool]]:
    """How to read each attribute: its name, where it is, by what, and whether the record needs it."""
    hints = get_type_hints(cls)
    return [
        (
            each.name,
            cls.PLACES.get(each.name, (each.name,)),
            _reader(hints[each.name]),
            hints[each.name] in (int, TextId, Name),
        )
        for each in fields(cls)
        if each.name != "raw"
    ]


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: values.text,
    int: values.identifier,
    TextId: values.text_identifier,
    Name: values.name,
    Number: values.integer,
    Decimal: values.decimal,
    bool: values.boolean,
    dt.datetime: values.moment,
    dt.date: values.day,
}


def _reader(kind: Any) -> Callable[[Any], Any]:
    """What reads a value of an annotated type: one of the above, a record, or a tuple of records."""
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not types.NoneType)
    if get_origin(kind) is tuple:
        return functools.partial(_read_all, get_args(kind)[0])
    if isinstance(kind, type) and issubclass(kind, Record):
        return kind.read
    return _READERS[kind]


def _read_all(kind: type[Record], value: Any) -> tuple[Record, ...]:
    """The records in a list; what is no record is left out, `raw` of the whole still has it."""
    found = (kind.read(each) for each in value) if isinstance(value, list) else ()
    return tuple(each for each in found if each is not None)
