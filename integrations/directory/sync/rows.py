"""Build rows from Total Expert's records, cut to length and without characters that no database stores."""

import datetime as dt
import hashlib
import json
from collections.abc import Collection
from typing import Any

from integrations import total_expert
from integrations.connections.models import Installation
from integrations.directory.browse import shown_fields
from integrations.directory.browse.search_text import searchable
from integrations.directory.models import UNKNOWN_TIME, Contact, ContactGroup, Owner
from portal.core.search_text import fold
from portal.core.text import visible

TEXTS = (
    "first_name",
    "last_name",
    "email",
    "email_work",
    "phone_cell",
    "phone_home",
    "phone_office",
    "city",
    "state",
    "source",
    "external_id",
)
#: The deepest nesting that is accepted. Total Expert's own records have about four levels.
DEEPEST = 50
#: PostgreSQL allows 2,704 bytes in an index entry. The index by name holds these two, state, source and small fields.
SEARCH_BYTES, SORT_BYTES = 1200, 360
FLAGS = ("ok_to_call", "ok_to_email", "ok_to_mail", "is_silenced")
#: What says which record it is and when it changed. Every connection shows it.
ALWAYS_SHOWN = ("id", "internal_created_at", "internal_updated_at")
#: Stands for groups in an unknown format.
UNKNOWN: tuple[total_expert.GroupReference, ...] = (total_expert.GroupReference({}, None, ""),)


def _lengths(model: type[Contact] | type[Owner] | type[ContactGroup]) -> dict[str, int]:
    lengths = ((field.name, getattr(field, "max_length", None)) for field in model._meta.fields)
    return {name: length for name, length in lengths if length}


_CONTACT, _OWNER, _GROUP = _lengths(Contact), _lengths(Owner), _lengths(ContactGroup)


def clean(value: Any) -> Any:
    """Return ``value`` without what PostgreSQL refuses in text and JSON: NUL and lone surrogates."""
    if isinstance(value, str):
        if value.isascii():
            return value.replace("\0", "") if "\0" in value else value
        return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {clean(key): clean(each) for key, each in value.items()}
    if isinstance(value, list):
        return [clean(each) for each in value]
    return value


def stored(raw: dict[str, Any]) -> Any:
    """Return a whole record in a form that can be stored. It is nearly always the record itself."""
    written = json.dumps(raw)
    return clean(raw) if "\\u0000" in written or "\\ud" in written else raw


def _truncate(text: str, most: int) -> str:
    """Return ``text`` cut to ``most`` bytes of UTF-8, without splitting a character."""
    if text.isascii() and len(text) <= most:
        return text
    return text.encode()[:most].decode("utf-8", "ignore")


def _depth(value: Any) -> int:
    """Return how deep a value is nested. Goes level by level, because a hostile value would exhaust the stack."""
    depth, level = 0, [value]
    while level and depth <= DEEPEST:
        level = [
            each
            for holder in level
            if isinstance(holder, dict | list)
            for each in (holder.values() if isinstance(holder, dict) else holder)
        ]
        depth += 1
    return depth


def digest(raw: dict[str, Any]) -> str:
    """Return a hash of a whole record. The order of its properties doesn't matter."""
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()


def contact_row(
    record: total_expert.Contact,
    *,
    installation: Installation,
    owner: Owner | None,
    as_admin: bool,
    now: dt.datetime,
    shown: Collection[str] | None = None,
) -> Contact:
    """Return a contact's row. Its flags are None if the record doesn't have them.

    With ``shown``, its columns are filled from these fields alone (`shown_fields`), since everyone who sees the contact
    can search and filter by them. Raise ValueError for a record that is nested deeper than `DEEPEST`.
    """
    if _depth(record.raw) > DEEPEST:
        raise ValueError("nested too deep")
    whole = record
    if shown is not None:
        times = {name: record.raw.get(name) for name in ALWAYS_SHOWN}
        reduced = total_expert.Contact.from_json({**shown_fields.only(record.raw, shown), **times})
        record = record if reduced is None else reduced
    texts = {name: visible(str(getattr(record, name)))[: _CONTACT[name]] for name in TEXTS}
    names = (texts["first_name"], texts["last_name"], visible(str(record.nickname)))
    phones = (texts["phone_cell"], texts["phone_home"], texts["phone_office"])
    search = searchable((" ".join(names[:2]), *names[2:], texts["email"], texts["email_work"]), phones)
    return Contact(
        installation=installation,
        remote_id=record.id,
        owner=owner,
        **texts,
        **{name: getattr(record, name) for name in FLAGS},
        remote_created_at=record.internal_created_at or UNKNOWN_TIME,
        remote_updated_at=record.internal_updated_at or UNKNOWN_TIME,
        search=_truncate(search[: _CONTACT["search"]], SEARCH_BYTES),
        sort_name=sort_name(texts["first_name"], texts["last_name"]),
        sort_city=fold(texts["city"])[: _CONTACT["sort_city"]],
        digest=digest(whole.raw),
        as_admin=as_admin,
        first_seen_at=now,
        synced_at=now,
    )


def sort_name(first_name: str, last_name: str) -> str:
    """Return the text by which contacts of this name are sorted. Names that differ in case or accents have the same."""
    first, last = (visible(name)[: _CONTACT["first_name"]] for name in (first_name, last_name))
    return _truncate(fold(f"{last} {first}")[: _CONTACT["sort_name"]], SORT_BYTES)


def shown(record: total_expert.Contact) -> list[str]:
    """Return the columns whose value a contact shows. Someone with fewer rights sees fewer properties."""
    texts = [name for name in TEXTS if record.raw.get(name) is not None]
    return texts + [name for name in FLAGS if getattr(record, name) is not None]


def group_references(record: total_expert.Contact) -> tuple[total_expert.GroupReference, ...] | None:
    """Return the groups that a contact is in, None if the record doesn't show them, or `UNKNOWN`.

    PHP writes a list with gaps as an object, and an empty list can arrive as an empty object.
    """
    shown = record.raw.get("contact_groups")
    if shown is None:
        return None
    entries = list(shown.values()) if isinstance(shown, dict) else shown
    if not isinstance(entries, list):
        return UNKNOWN
    found = [total_expert.GroupReference.from_json(entry) for entry in entries]
    known = tuple(reference for reference in found if reference is not None and reference.id)
    return known if len(known) == len(entries) else UNKNOWN


def owner_row(record: total_expert.User, *, installation: Installation, now: dt.datetime) -> Owner:
    """Return the row of an owner whom an admin connection listed."""
    return Owner(
        installation=installation,
        remote_id=record.id,
        **{
            name: visible(str(getattr(record, name)))[: _OWNER[name]]
            for name in ("username", "email", "external_id", "first_name", "last_name", "role_name")
        },
        is_active=record.active,
        is_learned=False,
        synced_at=now,
    )


def learned_owner(
    reference: total_expert.Reference, *, installation: Installation, now: dt.datetime
) -> Owner:
    """Return the row of an owner who is known only from a contact's reference. The reference must have an ID."""
    assert reference.id is not None
    return Owner(
        installation=installation,
        remote_id=reference.id,
        **{
            name: visible(str(getattr(reference, name)))[: _OWNER[name]]
            for name in ("username", "email", "external_id")
        },
        is_learned=True,
        synced_at=now,
    )


def group_row(
    record: total_expert.ContactGroup, *, installation: Installation, owner: Owner | None, now: dt.datetime
) -> ContactGroup:
    """Return a group's row."""
    return ContactGroup(
        installation=installation,
        remote_id=record.id,
        name=_group_name(record.group_name),
        owner=owner,
        user_editable=record.user_editable,
        first_seen_at=now,
        synced_at=now,
    )


def named_group(
    reference: total_expert.GroupReference,
    *,
    installation: Installation,
    owner: Owner | None,
    now: dt.datetime,
) -> ContactGroup:
    """Return the row of a group that is known only from a contact's reference. The reference must have an ID."""
    assert reference.id is not None
    return ContactGroup(
        installation=installation,
        remote_id=reference.id,
        name=_group_name(reference.group_name),
        owner=owner,
        first_seen_at=now,
        synced_at=now,
    )


def _group_name(name: str) -> str:
    return visible(str(name))[: _GROUP["name"]]
