"""Records sent inside another one, e.g. a loan's borrower: found, or created or updated along with it."""

from __future__ import annotations

from typing import Any

from . import relationships
from .responses import target_not_found
from .schema.hooks import Change
from .schema.registry import RESOURCES
from .schema.resource import Relationship, Resource


def relate(resource: Resource, change: Change) -> None:
    """Set those relationships of a record in whose place a full record may be sent.

    Raises `Refusal` (422) for what names nobody and is not enough to be created.
    """
    for relationship in resource.relationships:
        if not relationship.creates:
            continue
        if relationship.many:
            _relate_many(relationship, change)
        elif relationship.name in change.payload:
            value = change.payload[relationship.name]
            change.record.one[relationship.name] = (
                None if value is None else target_of(relationship, change, value)
            )


def _relate_many(relationship: Relationship, change: Change) -> None:
    record, payload = change.record, change.payload
    targets = set(record.many.get(relationship.name, ()))
    given = payload.get(relationship.name)
    if given is not None:
        entries = given if isinstance(given, list) else [given]
        targets |= {target_of(relationship, change, entry) for entry in entries}
    removed = payload.get(relationship.removed_by) if relationship.removed_by else None
    if removed is not None:
        targets -= relationships.find_removed(
            change.connection, relationship, record.organization, record.owner, removed
        )
    record.many[relationship.name] = targets


def target_of(relationship: Relationship, change: Change, value: Any) -> int:
    """The id of the record that `value` names by its id or another field, or describes in full."""
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
    """Whether there is more to it than an id, for a resource whose records take changes that way."""
    return target.owned and len(value) > 1
