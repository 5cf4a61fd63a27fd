"""Typed records: what the API's JSON objects become, attribute by attribute, with the whole object as `.raw`.

A record is a dataclass whose annotations say how each property of the same name is read; adding a resource is
writing one. Reading never fails on a property: what is absent or malformed becomes None, or empty. Only a
record without a usable `id` is none, which `read` answers with None.
"""

import datetime as dt
import functools
import types
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Self, Union, get_args, get_origin, get_type_hints

from . import values


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


@functools.cache
def _plan(cls: Any) -> list[tuple[str, tuple[str, ...], Callable[[Any], Any], bool]]:
    """How to read each attribute: its name, where it is, by what, and whether the record needs it."""
    hints = get_type_hints(cls)
    return [
        (
            each.name,
            cls.PLACES.get(each.name, (each.name,)),
            _reader(hints[each.name]),
            hints[each.name] is int,
        )
        for each in fields(cls)
        if each.name != "raw"
    ]


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: values.text,
    int: values.identifier,
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


@dataclass(frozen=True, repr=False)
class Reference(Record):
    """A user as other records name them: an owner, an assignee. Any of these may be missing."""

    id: int | None
    username: str
    email: str
    external_id: str


@dataclass(frozen=True, repr=False)
class GroupReference(Record):
    """A group as a contact names it."""

    id: int | None
    group_name: str


@dataclass(frozen=True, repr=False)
class ExternalId(Record):
    """A contact's name in another system."""

    source: str
    external_id: str


@dataclass(frozen=True, repr=False)
class CustomValue(Record):
    """The value of a custom field. What type it has only the field's definition says."""

    field_name: str

    @property
    def value(self) -> Any:
        """The value as it came."""
        return self.raw.get("value")


@dataclass(frozen=True, repr=False)
class Contact(Record):
    """A person in somebody's book. Flags are None where the API does not show them: unknown, not no."""

    id: int
    first_name: str
    last_name: str
    nickname: str
    title: str
    suffix: str
    email: str
    email_work: str
    phone_cell: str
    phone_home: str
    phone_office: str
    fax: str
    address: str
    address_2: str
    city: str
    state: str
    zip_code: str
    birthday: dt.date | None
    employer_name: str
    source: str
    external_id: str
    referred_by: str
    ok_to_call: bool | None
    ok_to_email: bool | None
    ok_to_mail: bool | None
    is_silenced: bool | None
    owner: Reference | None
    assignee: Reference | None
    shared_with_users: tuple[Reference, ...]
    contact_groups: tuple[GroupReference, ...]
    external_ids: tuple[ExternalId, ...]
    custom: tuple[CustomValue, ...]
    creation_date: dt.datetime | None
    last_contacted_date: dt.datetime | None
    close_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    PLACES = {"is_silenced": ("preferences", "is_silenced")}


@dataclass(frozen=True, repr=False)
class ContactGroup(Record):
    """A group of an owner's contacts. `owner` is None in the view of a user, who sees no others."""

    id: int
    group_name: str
    user_editable: bool | None
    owner: Reference | None


@dataclass(frozen=True, repr=False)
class User(Record):
    """A user; only connections as admin see them. `active` is None where the status is not shown."""

    id: int
    username: str
    email: str
    external_id: str
    type: str
    active: bool | None
    first_name: str
    last_name: str
    company: str
    job_title: str
    timezone_name: str
    role_name: str
    last_login_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    PLACES = {
        "active": ("status",),
        "role_name": ("role", "role_name"),
        **{
            name: ("info", name)
            for name in ("first_name", "last_name", "company", "job_title", "timezone_name")
        },
    }


@dataclass(frozen=True, repr=False)
class CustomField(Record):
    """The definition of a custom field. The API names it by `system_name`; no id is documented."""

    id: int | None
    system_name: str
    display_name: str
    data_type: str
    entity_type: str
    entity_subtype: str
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    PLACES = {
        "entity_type": ("related_entity", "entity_type"),
        "entity_subtype": ("related_entity", "entity_subtype"),
    }
