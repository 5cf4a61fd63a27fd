"""A log of changed records, written by triggers, from which the list index is updated."""

from __future__ import annotations

import sqlite3

from ..schema.resource import Lookup, Relationship, Resource, link_table

MAX_ENTRIES = 50_000


def create_change_log(connection: sqlite3.Connection, resource: Resource) -> None:
    """Log from now on which records change, or what they are linked to."""
    table = resource.table
    connection.execute(
        f"CREATE TABLE {table}__changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, record INTEGER NOT NULL)"
    )
    watched = [(table, "id", "UPDATE")]
    watched += [(link_table(resource, link), "record", "") for link in filtered_links(resource)]
    for name, column, update in watched:
        for event, row in (("INSERT", "NEW"), (update, "NEW"), ("DELETE", "OLD")):
            if event:
                connection.execute(
                    f"CREATE TRIGGER {name}_noted_{event.split()[0].lower()} AFTER {event} ON {name} BEGIN"
                    f" INSERT INTO {table}__changes (record) VALUES ({row}.{column});"
                    f" DELETE FROM {table}__changes WHERE seq < last_insert_rowid() - {MAX_ENTRIES}; END"
                )


def filtered_links(resource: Resource) -> list[Relationship]:
    """Return the to-many relationships that lists can be filtered by."""
    names = {found.on for found in resource.filters if found.lookup is Lookup.TO_MANY}
    return [relationship for relationship in resource.to_many if relationship.name in names]


def latest(connection: sqlite3.Connection, resource: Resource) -> int:
    """Return the number of the latest change, 0 before the first."""
    query = f"SELECT coalesce(max(seq), 0) FROM {resource.table}__changes"
    return int(connection.execute(query).fetchone()[0])


def since(connection: sqlite3.Connection, resource: Resource, seen: int) -> list[int]:
    """Return the ids of the records that changed after change number `seen`."""
    query = f"SELECT DISTINCT record FROM {resource.table}__changes WHERE seq > ?"
    return [row[0] for row in connection.execute(query, (seen,)).fetchall()]
