"""Which records of a large resource have changed: noted in the file by triggers, for its catalogue to take over."""

from __future__ import annotations

import sqlite3

from ..schema.resource import Relationship, Resource, Test, link_table

KEPT = 50_000


def note_changes(connection: sqlite3.Connection, resource: Resource) -> None:
    """From now on, note which records change, or what they are linked to."""
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
                    f" DELETE FROM {table}__changes WHERE seq < last_insert_rowid() - {KEPT}; END"
                )


def filtered_links(resource: Resource) -> list[Relationship]:
    """The relationships that lists can be filtered by."""
    names = {found.on for found in resource.filters if found.test is Test.MEMBER}
    return [relationship for relationship in resource.to_many if relationship.name in names]


def latest(connection: sqlite3.Connection, resource: Resource) -> int:
    """The number of the latest change; 0 before the first."""
    query = f"SELECT coalesce(max(seq), 0) FROM {resource.table}__changes"
    return int(connection.execute(query).fetchone()[0])


def since(connection: sqlite3.Connection, resource: Resource, seen: int) -> list[int]:
    """The ids of the records that have changed after a number."""
    query = f"SELECT DISTINCT record FROM {resource.table}__changes WHERE seq > ?"
    return [row[0] for row in connection.execute(query, (seen,)).fetchall()]
