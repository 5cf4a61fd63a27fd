"""Finding the records that a client names in a relationship."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from .errors import target_not_found
from .schema import identifiers, values
from .schema.fields import Column
from .schema.record import Record
from .schema.registry import RESOURCES
from .schema.resource import OWNER, Relationship, Resource, link_table
from .storage import duplicates, records


def find(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> int:
    """Return the id of the target that `value` names, an object like `{"username": "alfred"}`.

    Raise `ApiError` (422) if there is none in the organization or, if the relationship demands it, of the same owner.
    """
    if not isinstance(value, dict):
        raise target_not_found(relationship.name)
    target = RESOURCES[relationship.target]
    conditions: list[str] = ["organization = ?"]
    parameters: list[Any] = [organization]
    given = [(name, value[name]) for name in relationship.key_fields if value.get(name) not in (None, "")]
    if not given and relationship.by_identity:
        return _find_by_identity(connection, relationship, organization, owner, value)
    if not given or any(isinstance(named, (dict, list)) for _, named in given):
        raise target_not_found(relationship.name)
    for name, named in given:
        conditions.append("id = ?" if name == "id" else f"a_{name} = ?")
        parameters.append(_number(relationship, target, named) if name == "id" else str(named))
    if relationship.same_owner and owner is not None:
        conditions.append("owner = ?")
        parameters.append(owner)
    query = f"SELECT id FROM {target.table} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT 1"
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise target_not_found(relationship.name)
    return int(row[0])


def _number(relationship: Relationship, target: Resource, value: Any) -> int:
    number = identifiers.to_number_or_none(target, value)
    if number is None:
        raise target_not_found(relationship.name)
    return number


def _find_by_identity(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: dict[str, Any],
) -> int:
    """Return the id of the record that `value` duplicates, if the record agrees with all of `value`."""
    target = RESOURCES[relationship.target]
    attributes = _described(target, value)
    number = find_duplicate(connection, target, organization, owner, value)
    found = None if number is None else records.load(connection, target, organization, owner, number)
    if found is None or any(
        _comparable(field.column, found.attributes.get(field.name))
        != _comparable(field.column, attributes[field.name])
        for field in target.fields
        if field.name in attributes
    ):
        raise target_not_found(relationship.name)
    return found.id


def find_duplicate(
    connection: sqlite3.Connection,
    target: Resource,
    organization: int,
    owner: int | None,
    value: dict[str, Any],
) -> int | None:
    """Return the id of the record that `value` duplicates, or None."""
    attributes = _described(target, value)
    for items in target.items:
        given = value.get(items.name)
        entries = given if isinstance(given, list) else []
        attributes[items.name] = [entry for entry in entries if isinstance(entry, dict)]
    described = Record(0, organization, owner if target.owned else None, attributes, "", "")
    return duplicates.find(connection, target, described)


def find_duplicate_of_any_owner(
    connection: sqlite3.Connection, target: Resource, organization: int, value: dict[str, Any]
) -> int | None:
    """Return the id of the oldest record of an organization that `value` duplicates, or None."""
    owners = connection.execute("SELECT id FROM users WHERE organization = ?", (organization,)).fetchall()
    found = (find_duplicate(connection, target, organization, owner, value) for (owner,) in owners)
    return min((number for number in found if number is not None), default=None)


def _described(target: Resource, value: dict[str, Any]) -> dict[str, Any]:
    return {
        field.name: values.read(field, value[field.name])
        for field in target.fields
        if field.shown and value.get(field.name) not in (None, "")
    }


def _comparable(column: Column, value: Any) -> str:
    return values.phone_digits(value) if column is Column.DIGITS else str(value).strip().casefold()


def show(connection: sqlite3.Connection, relationship: Relationship, number: int) -> dict[str, Any]:
    """Return the fields of a target that responses show."""
    target = RESOURCES[relationship.target]
    columns = ", ".join("id" if name == "id" else f"a_{name}" for name in relationship.shown_fields)
    row = connection.execute(f"SELECT {columns} FROM {target.table} WHERE id = ?", (number,)).fetchone()
    return dict(zip(relationship.shown_fields, row, strict=True))


def is_protected(connection: sqlite3.Connection, resource: Resource, target: Resource, number: int) -> bool:
    """Return whether a record of `resource` names the target in a way that forbids deleting the target."""
    for relationship in resource.relationships:
        if relationship.target != target.path or not relationship.protects_target:
            continue
        table = link_table(resource, relationship) if relationship.many else resource.table
        column = "target" if relationship.many else relationship.name
        if connection.execute(f"SELECT 1 FROM {table} WHERE {column} = ? LIMIT 1", (number,)).fetchone():
            return True
    return False


def find_owner(connection: sqlite3.Connection, organization: int, payload: dict[str, Any]) -> int:
    """Return the id of the user that `owner` names in a payload."""
    return find(connection, OWNER, organization, None, payload.get("owner"))


def default_owner(connection: sqlite3.Connection, organization: int) -> int:
    """Return the first active loan officer, or else the active admin. Raise `ApiError` (422) if no user is active."""
    row = connection.execute(
        'SELECT id FROM users JOIN logins ON logins."user" = users.id WHERE users.organization = ?'
        " AND a_status = 1 ORDER BY admin, id LIMIT 1",
        (organization,),
    ).fetchone()
    if row is None:
        raise target_not_found(OWNER.name)
    return int(row[0])


def find_removed(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> set[int]:
    """Return the ids of the targets to remove. Errors name the property that was sent."""
    renamed = dataclasses.replace(relationship, name=relationship.removed_by)
    return find_many(connection, renamed, organization, owner, value)


def find_many(
    connection: sqlite3.Connection,
    relationship: Relationship,
    organization: int,
    owner: int | None,
    value: Any,
) -> set[int]:
    """Return the ids of the targets that a list of objects names. A single object is a list of one."""
    entries = value if isinstance(value, list) else [value]
    return {find(connection, relationship, organization, owner, entry) for entry in entries}
