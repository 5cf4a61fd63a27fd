"""What goes along when a loan or account gets a new owner: the contacts that take part in it.

Each is replaced by the new owner's contact that is the same by the rules of duplicates, or by a copy in no
group. The previous owner's contacts stay, no longer tied to the record.
"""

from __future__ import annotations

import copy

from ...engine.schema import values
from ...engine.schema.hooks import Change
from ...engine.schema.registry import RESOURCES
from ...engine.storage import duplicates, records
from ...engine.storage.tables import next_id


def move_participants(change: Change, roles: tuple[str, ...]) -> None:
    """Name the new owner's contacts in these roles of a record whose owner has changed."""
    record = change.record
    moved: dict[int, int] = {}
    for role in roles:
        contact = record.one.get(role)
        if contact is not None:
            moved[contact] = moved.get(contact) or _same_of(change, contact)
            record.one[role] = moved[contact]


def _same_of(change: Change, contact: int) -> int:
    resource = RESOURCES["contacts"]
    found = records.load(change.connection, resource, change.organization.id, None, contact)
    if found is None or found.owner == change.record.owner:
        return contact
    same = copy.deepcopy(found)
    same.owner = change.record.owner
    existing = duplicates.find(change.connection, resource, same)
    if existing is not None:
        return existing
    same.id = next_id(change.connection, resource)
    same.many = {}
    same.one = {}
    same.created = same.updated = values.stamp_of(change.now)
    records.insert(change.connection, resource, same)
    return same.id
