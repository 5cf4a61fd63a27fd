"""Finding the records that a client names in a relationship, by any of the fields the vendor allows."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from .responses import target_not_found
from .schema import identifiers, values
from .schema.record import Record
from .schema.registry import RESOURCES
from .schema.resource import OWNER, Column, Relationship, Resource, link_table
from .storage import duplicates, records


def find(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> int:
    """The id of the one target that `value`, an object like `{"username": "alfred"}`, names.

    Raises `Refusal` (422) where there is none, in this organization and, if the relationship says so, of this
    owner.
    """
    if not isinstance(value, dict):
        raise target_not_found(relationship.name)
    target = RESOURCES[relationship.target]
    conditions: list[str] = ["organization = ?"]
    parameters: list[Any] = [organization]
    given = [(name, value[name]) for name in relationship.settable if value.get(name) not in (None, "")]
    if not given and relationship.by_identity:
        return _find_same(connection, relationship, organization, owner, value)
    if not given or any(isinstance(named, (dict, list)) for _, named in given):
        raise target_not_found(relationship.name)
    for name, named in given:
        conditions.append("id = ?" if name == "id" else f"a_{name} = ?")
        parameters.append(_number(relationship, target, named) if name == "id" else str(named))
    if relationship.within_owner and owner is not None:
        conditions.append("owner = ?")
        parameters.append(owner)
    query = f"SELECT id FROM {target.table} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT 1"
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise target_not_found(relationship.name)
    return int(row[0])


def _number(relationship: Relationship, target: Resource, value: Any) -> int:
    number = identifiers.read_or_none(target, value)
    if number is None:
        raise target_not_found(relationship.name)
    return number


def _find_same(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: dict[str, Any],
) -> int:
    """The id of the record that what is given about it would be a duplicate of, and agrees with in all of it."""
    target = RESOURCES[relationship.target]
    attributes = _described(target, value)
    number = same(connection, target, organization, owner, value)
    found = None if number is None else records.load(connection, target, organization, owner, number)
    if found is None or any(
        _comparable(field.column, found.attributes.get(field.name))
        != _comparable(field.column, attributes[field.name])
        for field in target.fields
        if field.name in attributes
    ):
        raise target_not_found(relationship.name)
    return found.id


def same(
    connection: sqlite3.Connection,
    target: Resource,
    organization: int,
    owner: int | None,
    value: dict[str, Any],
) -> int | None:
    """The number of the record that one described like this would be a duplicate of."""
    attributes = _described(target, value)
    for items in target.items:
        given = value.get(items.name)
        entries = given if isinstance(given, list) else []
        attributes[items.name] = [entry for entry in entries if isinstance(entry, dict)]
    sought = Record(0, organization, owner if target.owned else None, attributes, "", "")
    return duplicates.find(connection, target, sought)


def _described(target: Resource, value: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: values.read(field, value[field.name])
        for field in target.fields
        if field.shown and value.get(field.name) not in (None, "")
    }


def _comparable(column: Column, value: Any) -> str:
    return values.digits(value) if column is Column.DIGITS else str(value).strip().casefold()


def shown(connection: sqlite3.Connection, relationship: Relationship, number: int) -> dict[str, Any]:
    """What answers show of the target with this number."""
    target = RESOURCES[relationship.target]
    columns = ", ".join("id" if name == "id" else f"a_{name}" for name in relationship.shows)
    row = connection.execute(f"SELECT {columns} FROM {target.table} WHERE id = ?", (number,)).fetchone()
    return dict(zip(relationship.shows, row, strict=True))


def holds(connection: sqlite3.Connection, resource: Resource, target: Resource, number: int) -> bool:
    """Whether a record of this resource names a target in a relationship that keeps it from being deleted."""
    for relationship in resource.relationships:
        if relationship.target != target.path or not relationship.restricts:
            continue
        table = link_table(resource, relationship) if relationship.many else resource.table
        column = "target" if relationship.many else relationship.name
        if connection.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (number,)).fetchone():
            return True
    return False


def find_owner(connection: sqlite3.Connection, organization: int, payload: dict[str, Any]) -> int:
    """The id of the user whom a payload's `owner` names."""
    return find(connection, OWNER, organization, None, payload.get("owner"))


def find_removed(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> set[int]:
    """The ids of the targets to take away; a refusal names the property that was sent."""
    renamed = dataclasses.replace(relationship, name=relationship.removed_by)
    return find_many(connection, renamed, organization, owner, value)


def find_many(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> set[int]:
    """The ids of all targets that a list of objects names; a single object stands for a list of one."""
    entries = value if isinstance(value, list) else [value]
    return {find(connection, relationship, organization, owner, entry) for entry in entries}
