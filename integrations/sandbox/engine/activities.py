"""The activity feed: what happened to contacts."""

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


def add_for_new_record(resource: Resource, change: Change) -> None:
    """Add the activity that a new record stands for, if its resource has a rule for it."""
    history, record = resource.activity, change.record
    if history is None:
        return
    contact = record.one.get(history.contact) if history.contact else record.id
    if contact is None:
        return
    shown = record.attributes
    note = identifiers.to_public(resource, record.id) if history.notes else None
    add(
        change.connection,
        change.organization.id,
        contact,
        now=change.now,
        type=history.type,
        title=shown.get(history.title) if history.title else history.type,
        details=f"{resource.path}/{identifiers.to_public(resource, record.id)}",
        notes=shown.get(history.notes) if history.notes else None,
        note_id=note,
    )


def add(
    connection: sqlite3.Connection, organization: int, contact: int, *, now: float, type: str, **given: Any
) -> None:
    """Add an activity of a contact. `given` are further attributes."""
    resource = RESOURCES["activity"]
    row = connection.execute("SELECT owner FROM contacts WHERE id = ?", (contact,)).fetchone()
    if row is None:
        return
    timestamp = values.format_timestamp(now)
    attributes = {**resource.defaults(), "type": type, "contact_id": contact, "owner_id": row[0], **given}
    number = next_id(connection, resource)
    record = Record(number, organization, row[0], attributes, timestamp, timestamp, one={"contact": contact})
    records.insert(connection, resource, record)
