"""Moving the participants of a loan or account to a new owner.

Each is replaced by the new owner's contact for the same person, or by a copy without groups. The previous owner keeps
their contacts, which are no longer linked to the record.
"""

from __future__ import annotations

import copy

from ...engine.schema import values
from ...engine.schema.hooks import Change
from ...engine.schema.registry import RESOURCES
from ...engine.storage import duplicates, records
from ...engine.storage.tables import next_id


def move_participants(change: Change, roles: tuple[str, ...]) -> None:
    """Replace the contacts in these roles after a record's owner has changed."""
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
    same.created = same.updated = values.format_timestamp(change.now)
    records.insert(change.connection, resource, same)
    return same.id
