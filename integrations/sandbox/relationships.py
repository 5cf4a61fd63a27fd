"""Finding the records that a client names in a relationship, by any of the fields the vendor allows."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from .answers import Refusal, target_not_found
from .declaration import OWNER, Relationship
from .filters import parse_id
from .resources import RESOURCES


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
    if not given or any(isinstance(named, (dict, list)) for _, named in given):
        raise target_not_found(relationship.name)
    for name, named in given:
        conditions.append("id = ?" if name == "id" else f"a_{name} = ?")
        parameters.append(_number(relationship, named) if name == "id" else str(named))
    if relationship.within_owner and owner is not None:
        conditions.append("owner = ?")
        parameters.append(owner)
    query = f"SELECT id FROM {target.table} WHERE {' AND '.join(conditions)} ORDER BY id LIMIT 1"
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise target_not_found(relationship.name)
    return int(row[0])


def _number(relationship: Relationship, value: Any) -> int:
    try:
        return parse_id(value)
    except Refusal:
        raise target_not_found(relationship.name) from None


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
