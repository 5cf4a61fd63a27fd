"""Loading and saving records with their columns, links, identity keys and digest."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from ..schema import identifiers, values
from ..schema.fields import Column
from ..schema.record import Record
from ..schema.resource import Identity, Relationship, Resource, link_table

_TIMES = ("internal_created_at", "internal_updated_at", "created_at", "updated_at")


def load(
    connection: sqlite3.Connection, resource: Resource, organization: int, owner: int | None, id: int
) -> Record | None:
    """Return a record of an organization or None; with `owner`, only if that user owns it."""
    to_one = "".join(f", {relationship.name}" for relationship in resource.to_one)
    row = connection.execute(
        f"SELECT organization, owner, attributes, created, updated, archived, hidden{to_one}"
        f" FROM {resource.table} WHERE id = ? AND organization = ?"
        + (" AND owner = ?" if owner is not None and resource.owned else ""),
        (id, organization, owner) if owner is not None and resource.owned else (id, organization),
    ).fetchone()
    if row is None:
        return None
    record = Record(id, row[0], row[1], json.loads(row[2]), row[3], row[4], bool(row[5]), json.loads(row[6]))
    record.one = {relationship.name: row[7 + n] for n, relationship in enumerate(resource.to_one)}
    for relationship in resource.to_many:
        name = link_table(resource, relationship)
        targets = connection.execute(f"SELECT target FROM {name} WHERE record = ?", (id,))
        record.many[relationship.name] = {target[0] for target in targets}
    return record


def row_writer(resource: Resource) -> Callable[[Record], tuple[Any, ...]]:
    """Return a function that turns a record into a row for `insert_statement`."""
    columns = [(field.name, field.column is Column.DIGITS) for field in resource.columns]
    to_one = [relationship.name for relationship in resource.to_one]

    def row(record: Record) -> tuple[Any, ...]:
        get = (record.attributes | record.hidden).get if record.hidden else record.attributes.get
        attributes = dict(record.attributes)
        if resource.shows_id:
            attributes["id"] = identifiers.to_public(resource, record.id)
        if resource.shows_times:
            times = zip(resource.time_names, (record.created, record.updated), strict=True)
            attributes |= {name: time for name, time in times if name}
        return (
            record.id,
            record.organization,
            record.owner,
            record.created,
            record.updated,
            int(record.archived),
            digest(record),
            json.dumps(attributes, sort_keys=True),
            json.dumps(record.hidden) if record.hidden else "{}",
            *(
                values.phone_digits(get(name)) or None if is_digits else get(name)
                for name, is_digits in columns
            ),
            *(record.one.get(name) for name in to_one),
        )

    return row


def insert_statement(resource: Resource) -> str:
    """Return the SQL that inserts a row made by `row_writer`."""
    marks = ",".join("?" * (9 + len(resource.columns) + len(resource.to_one)))
    return f"INSERT INTO {resource.table} VALUES ({marks})"


def insert(connection: sqlite3.Connection, resource: Resource, record: Record) -> None:
    """Insert a new record."""
    connection.execute(insert_statement(resource), row_writer(resource)(record))
    _store_links(connection, resource, record)
    _add_keys(connection, resource, record)


def replace(connection: sqlite3.Connection, resource: Resource, old: Record, new: Record) -> None:
    """Replace a record."""
    names = [
        "id",
        "organization",
        "owner",
        "created",
        "updated",
        "archived",
        "digest",
        "attributes",
        "hidden",
    ]
    names += [f"a_{field.name}" for field in resource.columns]
    names += [relationship.name for relationship in resource.to_one]
    assignments = ", ".join(f"{name} = ?" for name in names[1:])
    row = row_writer(resource)(new)
    connection.execute(f"UPDATE {resource.table} SET {assignments} WHERE id = ?", (*row[1:], new.id))
    _store_links(connection, resource, new)
    _remove_keys(connection, resource, old)
    _add_keys(connection, resource, new)


def remove(
    connection: sqlite3.Connection, resource: Resource, record: Record, resources: Iterable[Resource]
) -> None:
    """Delete a record, its links, and the links of other records to it."""
    connection.execute(f"DELETE FROM {resource.table} WHERE id = ?", (record.id,))
    _remove_keys(connection, resource, record)
    for relationship in resource.to_many:
        connection.execute(f"DELETE FROM {link_table(resource, relationship)} WHERE record = ?", (record.id,))
    held = tuple(resources)
    for other in held:
        for relationship in other.relationships:
            if relationship.target != resource.path:
                continue
            if relationship.many:
                _unlink(connection, other, link_table(other, relationship), record.id)
            elif relationship.deleted_with_target:
                _remove_with(connection, other, relationship, record, held)


def _remove_with(
    connection: sqlite3.Connection,
    resource: Resource,
    relationship: Relationship,
    target: Record,
    resources: tuple[Resource, ...],
) -> None:
    """Delete the records that are deleted with their target."""
    query = f"SELECT id FROM {resource.table} WHERE {relationship.name} = ?"
    for (id,) in connection.execute(query, (target.id,)).fetchall():
        found = load(connection, resource, target.organization, None, id)
        if found is not None:
            remove(connection, resource, found, resources)


def _unlink(connection: sqlite3.Connection, resource: Resource, links: str, target: int) -> None:
    """Remove a target from all records of a resource and update the digests of those records."""
    affected = connection.execute(
        f"SELECT r.id, r.organization FROM {links} l JOIN {resource.table} r ON r.id = l.record"
        " WHERE l.target = ?",
        (target,),
    ).fetchall()
    connection.execute(f"DELETE FROM {links} WHERE target = ?", (target,))
    for id, organization in affected:
        record = load(connection, resource, organization, None, id)
        if record is not None:
            connection.execute(f"UPDATE {resource.table} SET digest = ? WHERE id = ?", (digest(record), id))


def _store_links(connection: sqlite3.Connection, resource: Resource, record: Record) -> None:
    for relationship in resource.to_many:
        name = link_table(resource, relationship)
        targets = record.many.get(relationship.name, ())
        kept = ",".join("?" * len(targets))
        connection.execute(
            f"DELETE FROM {name} WHERE record = ? AND target NOT IN ({kept})", (record.id, *targets)
        )
        connection.executemany(
            f"INSERT OR IGNORE INTO {name} VALUES ({_link_marks(relationship)})",
            _links(relationship, record),
        )


def _link_marks(relationship: Relationship) -> str:
    return "?, ?, ?" if relationship.linked_at else "?, ?"


def _links(relationship: Relationship, record: Record) -> list[tuple[Any, ...]]:
    """Return the rows of a link table for a record. A new link dates from the record's last change."""
    since = (record.updated,) if relationship.linked_at else ()
    return [(record.id, target, *since) for target in record.many.get(relationship.name, ())]


def digest(record: Record) -> int:
    """Return a signed 64-bit number for a record's content, without the two times that the server sets."""
    content = {name: value for name, value in record.attributes.items() if name not in _TIMES}
    content["id"] = record.id
    one = {name: target for name, target in record.one.items() if target is not None}
    related = [record.owner, record.archived, record.hidden, one]
    links = sorted((name, sorted(ids)) for name, ids in record.many.items() if ids)
    return _number(json.dumps([content, related, links], sort_keys=True))


def _number(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def keys(resource: Resource, record: Record) -> list[tuple[int, list[int]]]:
    """Return the keys to find duplicates by, per identity in order of precedence: its position and the keys."""
    found: list[tuple[int, list[int]]] = []
    scope = f"{record.organization}|{record.owner or 0}"
    for position, identity in enumerate(resource.identities):
        sources = record.attributes.get(identity.items, []) if identity.items else [record.attributes]
        numbers = []
        for source in sources:
            parts = _comparable(resource, identity, source)
            if parts is not None:
                numbers.append(_number(json.dumps([scope, position, *parts])))
        if numbers:
            found.append((position, numbers))
    return found


def _comparable(resource: Resource, identity: Identity, source: dict[str, Any]) -> list[str] | None:
    parts = []
    for name in identity.fields:
        field = None if identity.items else resource.field(name)
        value = source.get(name)
        is_digits = field is not None and field.column is Column.DIGITS
        text = values.phone_digits(value) if is_digits else str(value or "").strip().casefold()
        if not text:
            return None
        parts.append(text)
    return parts


def _all_keys(resource: Resource, record: Record) -> list[tuple[int, int]]:
    return [(number, record.id) for _, numbers in keys(resource, record) for number in dict.fromkeys(numbers)]


def _add_keys(connection: sqlite3.Connection, resource: Resource, record: Record) -> None:
    connection.executemany(
        f"INSERT OR IGNORE INTO {resource.table}__keys VALUES (?, ?)", _all_keys(resource, record)
    )


def _remove_keys(connection: sqlite3.Connection, resource: Resource, record: Record) -> None:
    connection.executemany(
        f"DELETE FROM {resource.table}__keys WHERE key = ? AND record = ?", _all_keys(resource, record)
    )


def insert_many(connection: sqlite3.Connection, resource: Resource, records: Iterable[Record]) -> None:
    """Insert many new records at once. For the seed, before indexes and triggers exist."""
    row = row_writer(resource)
    held = list(records)
    connection.executemany(insert_statement(resource), map(row, held))
    found = sorted(pair for record in held for pair in _all_keys(resource, record))
    connection.executemany(f"INSERT OR IGNORE INTO {resource.table}__keys VALUES (?, ?)", found)
    for relationship in resource.to_many:
        links = sorted(link for record in held for link in _links(relationship, record))
        connection.executemany(
            f"INSERT INTO {link_table(resource, relationship)} VALUES ({_link_marks(relationship)})", links
        )
