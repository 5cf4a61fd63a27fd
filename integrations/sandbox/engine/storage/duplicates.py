"""Which existing record a new one duplicates: the vendor's rules in order, the first that hits decides."""

from __future__ import annotations

import sqlite3

from ..schema.record import Record
from ..schema.resource import Resource
from . import records


def find(
    connection: sqlite3.Connection, resource: Resource, record: Record, *, besides: int | None = None
) -> int | None:
    """The id of the oldest record that is the same as this one by the first identity that finds
    any, or None.
    """
    for _, keys in records.keys(resource, record):
        marks = ",".join("?" * len(keys))
        row = connection.execute(
            f"SELECT min(record) FROM {resource.table}__keys WHERE key IN ({marks}) AND record IS NOT ?",
            (*keys, besides),
        ).fetchone()
        if row[0] is not None:
            return int(row[0])
    return None
