"""The tables of a resource, created from its declaration: records, links, identity keys and counts per block.

A block is a range of `BLOCK_SIZE` consecutive ids. Triggers keep the number of records in each block, per organization
and per owner. Their sum is the count of a list, and a running sum finds the block in which a page starts, so that the
last page of a list costs as little as the first.
"""

from __future__ import annotations

import sqlite3

from ..schema.resource import Resource, link_table
from . import change_log

BLOCK_SIZE = 1024
ALL_OWNERS, NO_OWNER = 0, -1


def create_tables(connection: sqlite3.Connection, resource: Resource) -> None:
    """Create the tables of a resource, without indexes."""
    table = resource.table
    columns = "".join(f", a_{field.name} COLLATE NOCASE" for field in resource.columns)
    columns += "".join(f", {relationship.name} INTEGER" for relationship in resource.to_one)
    connection.execute(
        f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, organization INTEGER NOT NULL, owner INTEGER,"
        f" created TEXT NOT NULL, updated TEXT NOT NULL, archived INTEGER NOT NULL, digest INTEGER NOT NULL,"
        f" attributes TEXT NOT NULL, hidden TEXT NOT NULL{columns})"
    )
    connection.execute(
        f"CREATE TABLE {table}__keys (key INTEGER, record INTEGER, PRIMARY KEY (key, record)) WITHOUT ROWID"
    )
    connection.execute(
        f"CREATE TABLE {table}__blocks (organization INTEGER, owner INTEGER, block INTEGER,"
        " n INTEGER NOT NULL, PRIMARY KEY (organization, owner, block)) WITHOUT ROWID"
    )
    for relationship in resource.to_many:
        name = link_table(resource, relationship)
        since = ", since TEXT" if relationship.linked_at else ""
        connection.execute(
            f"CREATE TABLE {name} (record INTEGER, target INTEGER{since}, PRIMARY KEY (record, target))"
            " WITHOUT ROWID"
        )


def index_tables(connection: sqlite3.Connection, resource: Resource) -> None:
    """Index and count what the seed has inserted, and keep the counts from now on."""
    table = resource.table
    connection.execute(f"CREATE INDEX {table}_ids ON {table} (organization, id)")
    connection.execute(f"CREATE INDEX {table}_updates ON {table} (organization, updated, id)")
    if resource.owned:
        connection.execute(f"CREATE INDEX {table}_owner_ids ON {table} (organization, owner, id)")
        connection.execute(
            f"CREATE INDEX {table}_owner_updates ON {table} (organization, owner, updated, id)"
        )
    connection.execute(f"CREATE INDEX {table}_archived ON {table} (organization, archived, id)")
    connection.execute(f"CREATE INDEX {table}_digests ON {table} (organization, digest)")
    for field in resource.columns:
        if field.indexed:
            connection.execute(
                f"CREATE INDEX {table}_{field.name} ON {table} (organization, a_{field.name}, id)"
            )
    for relationship in resource.to_many:
        name = link_table(resource, relationship)
        connection.execute(f"CREATE INDEX {name}_targets ON {name} (target, record)")
    for relationship in resource.to_one:
        if relationship.protects_target or relationship.deleted_with_target:
            connection.execute(f"CREATE INDEX {table}_{relationship.name} ON {table} ({relationship.name})")
    _count_blocks(connection, resource)
    if resource.has_list_index:
        change_log.create_change_log(connection, resource)


def _count_blocks(connection: sqlite3.Connection, resource: Resource) -> None:
    table = resource.table
    add, remove = [], []
    for owner in [str(ALL_OWNERS)] + ([f"coalesce({{row}}.owner, {NO_OWNER})"] if resource.owned else []):
        connection.execute(
            f"INSERT INTO {table}__blocks SELECT organization, {owner.format(row=table)}, id / {BLOCK_SIZE},"
            f" count(*) FROM {table} GROUP BY 1, 2, 3"
        )
        add.append(
            f"INSERT INTO {table}__blocks VALUES (NEW.organization, {owner.format(row='NEW')},"
            f" NEW.id / {BLOCK_SIZE}, 1)"
            " ON CONFLICT (organization, owner, block) DO UPDATE SET n = n + 1;"
        )
        remove.append(
            f"UPDATE {table}__blocks SET n = n - 1 WHERE organization = OLD.organization"
            f" AND owner = {owner.format(row='OLD')} AND block = OLD.id / {BLOCK_SIZE};"
        )
    added, removed = " ".join(add), " ".join(remove)
    connection.execute(f"CREATE TRIGGER {table}_added AFTER INSERT ON {table} BEGIN {added} END")
    connection.execute(f"CREATE TRIGGER {table}_removed AFTER DELETE ON {table} BEGIN {removed} END")
    if resource.owned:
        connection.execute(
            f"CREATE TRIGGER {table}_moved AFTER UPDATE OF owner ON {table} WHEN OLD.owner IS NOT NEW.owner"
            f" BEGIN {removed} {added} END"
        )


def next_id(connection: sqlite3.Connection, resource: Resource) -> int:
    """Return the next id of a resource. Ids ascend across all organizations and are never reused."""
    return next_number(connection, resource.sequence or resource.path, resource.first_id)


def next_number(connection: sqlite3.Connection, sequence: str, first: int = 1) -> int:
    """Return the next number of a sequence."""
    row = connection.execute(
        "INSERT INTO sequences (resource, last) VALUES (?, ?)"
        " ON CONFLICT (resource) DO UPDATE SET last = last + 1 RETURNING last",
        (sequence, first),
    ).fetchone()
    return int(row[0])
