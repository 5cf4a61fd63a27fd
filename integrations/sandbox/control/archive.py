"""Archiving contacts: at the vendor a matter of its own interface, here of `POST /_sandbox/archive`."""

from __future__ import annotations

import copy
import sqlite3
from typing import Any

from ..engine.responses import Refusal, not_found
from ..engine.schema import values
from ..engine.storage import records
from ..resources import RESOURCES


def set_archived(connection: sqlite3.Connection, asked: Any, *, now: float) -> dict[str, Any]:
    """Archive a contact of any organization, or bring it back: `{"contact": 14, "archived": true}`.

    Raises `Refusal` (422 for a request that is none, 404 for an unknown contact).
    """
    contact = asked.get("contact") if isinstance(asked, dict) else None
    archived = asked.get("archived", True) if isinstance(asked, dict) else None
    if isinstance(contact, bool) or not isinstance(contact, int) or not isinstance(archived, bool):
        raise Refusal(422, 'What to do is {"contact": ID, "archived": true or false}')
    resource = RESOURCES["contacts"]
    row = connection.execute("SELECT organization FROM contacts WHERE id = ?", (contact,)).fetchone()
    old = records.load(connection, resource, row[0], None, contact) if row else None
    if old is None:
        raise not_found()
    new = copy.deepcopy(old)
    new.archived = archived
    new.updated = max(old.updated, values.stamp_of(now))
    records.replace(connection, resource, old, new)
    return {"contact": contact, "archived": archived}
