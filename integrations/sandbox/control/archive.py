"""Archiving contacts. At Total Expert users do it in the app; here `POST /_sandbox/archive` does."""

from __future__ import annotations

import copy
import sqlite3
from typing import Any

from ..engine.errors import ApiError, not_found
from ..engine.schema import values
from ..engine.storage import records
from ..resources import RESOURCES


def set_archived(connection: sqlite3.Connection, body: Any, *, now: float) -> dict[str, Any]:
    """Archive a contact of any organization, or restore it: `{"contact": 14, "archived": true}`.

    Raise `ApiError`: 422 for an invalid body, 404 for an unknown contact.
    """
    contact = body.get("contact") if isinstance(body, dict) else None
    archived = body.get("archived", True) if isinstance(body, dict) else None
    if isinstance(contact, bool) or not isinstance(contact, int) or not isinstance(archived, bool):
        raise ApiError(422, 'The body must be {"contact": ID, "archived": true or false}')
    resource = RESOURCES["contacts"]
    row = connection.execute("SELECT organization FROM contacts WHERE id = ?", (contact,)).fetchone()
    old = records.load(connection, resource, row[0], None, contact) if row else None
    if old is None:
        raise not_found()
    new = copy.deepcopy(old)
    new.archived = archived
    new.updated = max(old.updated, values.format_timestamp(now))
    records.replace(connection, resource, old, new)
    return {"contact": contact, "archived": archived}
