"""Records sent inside another one, e.g. a loan's borrower. They are found, created or updated along with it."""

from __future__ import annotations

from typing import Any

from . import relationships
from .errors import target_not_found
from .schema.hooks import Change
from .schema.registry import RESOURCES
from .schema.resource import Relationship, Resource


def save(resource: Resource, change: Change) -> None:
    """Set the relationships that allow nested records.

    Raise `ApiError` (422) for one that names no record and lacks what is needed to create it.
    """
    for relationship in resource.relationships:
        if not relationship.allows_nested:
            continue
        if relationship.many:
            _relate_many(relationship, change)
        elif relationship.name in change.payload:
            value = change.payload[relationship.name]
            change.record.one[relationship.name] = (
                None if value is None else resolve(relationship, change, value)
            )


def _relate_many(relationship: Relationship, change: Change) -> None:
    record, payload = change.record, change.payload
    targets = set(record.many.get(relationship.name, ()))
    given = payload.get(relationship.name)
    if given is not None:
        entries = given if isinstance(given, list) else [given]
        targets |= {resolve(relationship, change, entry) for entry in entries}
    removed = payload.get(relationship.removed_by) if relationship.removed_by else None
    if removed is not None:
        targets -= relationships.find_removed(
            change.connection, relationship, record.organization, record.owner, removed
        )
    record.many[relationship.name] = targets


def resolve(relationship: Relationship, change: Change, value: Any) -> int:
    """Return the id of the record that `value` names, creating or updating it if `value` describes it in full."""
    record, target = change.record, RESOURCES[relationship.target]
    if not isinstance(value, dict):
        raise target_not_found(relationship.name)
    where = (change.connection, relationship, record.organization, record.owner)
    options = change.payload.get("options")
    if options is not None and _describes(target, value):
        value = {**value, "options": options}
    if value.get("id") not in (None, ""):
        id = relationships.find(*where, {"id": value["id"]})
        return (
            change.save(target.path, record.owner, {**value, "id": id}) if _describes(target, value) else id
        )
    if not all(value.get(name) not in (None, "") for name in target.required):
        return relationships.find(*where, value)
    if target.owned and record.owner is None:
        raise target_not_found("owner")
    return change.save(target.path, record.owner, value)


def _describes(target: Resource, value: dict[str, Any]) -> bool:
    """Return whether `value` has more than an id, for a resource that takes changes this way."""
    return target.owned and len(value) > 1
