"""Writing down what happened to contacts, for the activity resource."""

from __future__ import annotations

import sqlite3
from typing import Any

from .schema import identifiers, values
from .schema.hooks import Change
from .schema.record import Record
from .schema.registry import RESOURCES
from .schema.resource import Resource
from .storage import records
from .storage.tables import next_id

EMAIL = "Email"


def note_creation(resource: Resource, change: Change) -> None:
    """Note a new record in the history of the contact it is, or names."""
    history, record = resource.history, change.record
    if history is None:
        return
    contact = record.one.get(history.contact) if history.contact else record.id
    if contact is None:
        return
    shown = record.attributes
    note = identifiers.show(resource, record.id) if history.notes else None
    add(
        change.connection,
        change.organization.id,
        contact,
        now=change.now,
        type=history.type,
        title=shown.get(history.title) if history.title else history.type,
        details=f"{resource.path}/{identifiers.show(resource, record.id)}",
        notes=shown.get(history.notes) if history.notes else None,
        note_id=note,
    )


def add(
    connection: sqlite3.Connection, organization: int, contact: int, *, now: float, type: str, **given: Any
) -> None:
    """Note one thing that happened to a contact, in its owner's book; `given` are further attributes."""
    resource = RESOURCES["activity"]
    row = connection.execute("SELECT owner FROM contacts WHERE id = ?", (contact,)).fetchone()
    if row is None:
        return
    stamp = values.stamp_of(now)
    attributes = {**resource.blank(), "type": type, "contact_id": contact, "owner_id": row[0], **given}
    number = next_id(connection, resource)
    record = Record(number, organization, row[0], attributes, stamp, stamp, one={"contact": contact})
    records.insert(connection, resource, record)
