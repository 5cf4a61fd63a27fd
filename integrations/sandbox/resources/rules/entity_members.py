"""Which contacts belong to an entity.

The entity is the parent, the contacts are its children, and each relationship has a type, e.g. `members`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ...engine import nested_records, relationships
from ...engine.errors import ApiError
from ...engine.schema import identifiers, values
from ...engine.schema.hooks import Change
from ...engine.schema.record import Record
from ...engine.schema.registry import RESOURCES
from ...engine.schema.resource import Relationship
from ...engine.storage import records
from ...engine.storage.tables import next_id

_SHOWN = ("email", "external_id", "first_name", "id", "last_name")
_CHILDREN = Relationship(
    "children",
    "contacts",
    shown_fields=_SHOWN,
    key_fields=("id", "external_id", "email"),
    same_owner=True,
    allows_nested=True,
)
_PARENT = Relationship(
    "parent", "entities", shown_fields=("id", "entity_name"), key_fields=("id", "external_id", "entity_name")
)
_TYPE = Relationship(
    "relationship_type",
    "entity-relationship-types",
    shown_fields=("system_name",),
    key_fields=("system_name",),
)


def update_children(change: Change) -> None:
    """Add the contacts of `related_entities` to an entity, and remove those of `remove_related_entities`.

    Raise `ApiError` (422) for an unknown type or contact, and for a second contact where only one is allowed.
    """
    record = change.record
    for entry in _entries(change.payload, "related_entities"):
        kind = _type(change, entry)
        for child in _children(entry):
            contact = nested_records.resolve(_CHILDREN, change, child)
            add(change, entity=record.id, contact=contact, kind=kind)
    for entry in _entries(change.payload, "remove_related_entities"):
        kind = _type(change, entry)
        where = (change.connection, _CHILDREN, record.organization, record.owner)
        for child in _children(entry):
            remove(change, entity=record.id, contact=relationships.find(*where, child), kind=kind)


def update_parents(change: Change) -> None:
    """Add a contact to the entities of `related_entities`, and remove it from those of `remove_related_entities`.

    Raise `ApiError` (422) for an unknown type or entity.
    """
    for entry in _entries(change.payload, "related_entities"):
        entity, kind = _parent(change, entry), _type(change, entry)
        add(change, entity=entity, contact=change.record.id, kind=kind)
    for entry in _entries(change.payload, "remove_related_entities"):
        entity, kind = _parent(change, entry), _type(change, entry)
        remove(change, entity=entity, contact=change.record.id, kind=kind)


def _parent(change: Change, entry: dict[str, Any]) -> int:
    value = entry.get("parent")
    if isinstance(value, dict) and value.get("id") not in (None, ""):
        value = {"id": value["id"]}
    return relationships.find(change.connection, _PARENT, change.record.organization, None, value)


def add(change: Change, *, entity: int, contact: int, kind: int) -> None:
    """Add a contact to an entity. `kind` is the id of the relationship type.

    Raise `ApiError` (422) if the type allows only one contact and there is another.
    """
    connection, resource = change.connection, RESOURCES["entity-members"]
    if _find(change, entity, contact, kind) is not None:
        return
    taken = connection.execute(
        "SELECT 1 FROM entity_members m JOIN entity_relationship_types t ON t.id = m.relationship_type"
        " WHERE m.entity = ? AND m.relationship_type = ? AND t.a_is_discrete = 1",
        (entity, kind),
    ).fetchone()
    if taken:
        raise ApiError(422, "Only one child is allowed for relationship: 'children'")
    timestamp = values.format_timestamp(change.now)
    id = next_id(connection, resource)
    record = Record(id, change.organization.id, None, resource.defaults(), timestamp, timestamp)
    record.one = {"entity": entity, "contact": contact, "relationship_type": kind}
    records.insert(connection, resource, record)


def remove(change: Change, *, entity: int, contact: int, kind: int) -> None:
    """Remove a contact from an entity, if it is a member."""
    id = _find(change, entity, contact, kind)
    resource = RESOURCES["entity-members"]
    if id is not None:
        found = records.load(change.connection, resource, change.organization.id, None, id)
        if found is not None:
            records.remove(change.connection, resource, found, ())


def children_of(connection: sqlite3.Connection, entities: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return `{entity: {"related_entities": [{"relationship_type": …, "children": […]}]}}`."""
    marks = ",".join("?" * len(entities))
    columns = ", ".join("c.id" if name == "id" else f"c.a_{name}" for name in _SHOWN)
    rows = connection.execute(
        f"SELECT m.entity, t.a_system_name, {columns} FROM entity_members m"
        " JOIN entity_relationship_types t ON t.id = m.relationship_type"
        f" JOIN contacts c ON c.id = m.contact WHERE m.entity IN ({marks}) ORDER BY m.id",
        tuple(entities),
    )
    found: dict[int, dict[str, list[dict[str, Any]]]] = {entity: {} for entity in entities}
    for entity, kind, *shown in rows:
        found[entity].setdefault(kind, []).append(dict(zip(_SHOWN, shown, strict=True)))
    return {
        entity: {
            "related_entities": [
                {"relationship_type": {"system_name": kind}, "children": children}
                for kind, children in kinds.items()
            ]
        }
        for entity, kinds in found.items()
    }


def parents_of(connection: sqlite3.Connection, contacts: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return `{contact: {"related_entities": [{"relationship_type": …, "parent": …}]}}` for contacts with entities."""
    marks = ",".join("?" * len(contacts))
    rows = connection.execute(
        "SELECT m.contact, t.a_system_name, e.id, e.a_entity_name FROM entity_members m"
        " JOIN entity_relationship_types t ON t.id = m.relationship_type"
        f" JOIN entities e ON e.id = m.entity WHERE m.contact IN ({marks}) ORDER BY m.id",
        tuple(contacts),
    )
    found: dict[int, dict[str, Any]] = {}
    for contact, kind, entity, name in rows:
        parent = {"id": identifiers.to_public(RESOURCES["entities"], entity), "entity_name": name}
        shown = {"relationship_type": {"system_name": kind}, "parent": parent}
        found.setdefault(contact, {"related_entities": []})["related_entities"].append(shown)
    return found


def _find(change: Change, entity: int, contact: int, kind: int) -> int | None:
    row = change.connection.execute(
        "SELECT id FROM entity_members WHERE entity = ? AND contact = ? AND relationship_type = ?",
        (entity, contact, kind),
    ).fetchone()
    return None if row is None else int(row[0])


def _type(change: Change, entry: dict[str, Any]) -> int:
    where = (change.connection, _TYPE, change.record.organization, None)
    return relationships.find(*where, entry.get("relationship_type"))


def _entries(payload: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = payload.get(name)
    entries = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ApiError(422, f"Invalid value for attribute: '{name}'")
    return entries


def _children(entry: dict[str, Any]) -> list[Any]:
    value = entry.get("children")
    return value if isinstance(value, list) else [] if value is None else [value]
