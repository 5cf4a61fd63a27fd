"""A summary of all data: per organization and resource, the number of records and a digest of them.

A digest is the sum of the records' digests, so it doesn't depend on their order. It leaves out the times of creation
and change: two sandboxes that went through the same changes have the same digests.
"""

from __future__ import annotations

import sqlite3
from typing import Any

from ..resources import RESOURCES


def read(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return `{organization: {resource: {"count": number, "digest": 16 hexadecimal digits}}}`."""
    found: dict[str, Any] = {}
    for id, name in connection.execute("SELECT id, name FROM organizations ORDER BY id").fetchall():
        found[name] = {}
        for path, resource in sorted(RESOURCES.items()):
            rows = connection.execute(f"SELECT digest FROM {resource.table} WHERE organization = ?", (id,))
            numbers = [row[0] for row in rows]
            found[name][path] = {"count": len(numbers), "digest": f"{sum(numbers) % 2**64:016x}"}
    return found
