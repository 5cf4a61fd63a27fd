"""Which existing record a new one duplicates: the first identity that matches decides."""

from __future__ import annotations

import sqlite3

from ..schema.record import Record
from ..schema.resource import Resource
from . import records


def find(
    connection: sqlite3.Connection, resource: Resource, record: Record, *, excluding: int | None = None
) -> int | None:
    """Return the id of the oldest record that this one duplicates, or None. `excluding` is the id of a record to ignore."""
    for _, keys in records.keys(resource, record):
        marks = ",".join("?" * len(keys))
        row = connection.execute(
            f"SELECT min(record) FROM {resource.table}__keys WHERE key IN ({marks}) AND record IS NOT ?",
            (*keys, excluding),
        ).fetchone()
        if row[0] is not None:
            return int(row[0])
    return None
