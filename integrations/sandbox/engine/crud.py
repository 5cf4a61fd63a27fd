"""Getting, creating, updating and deleting records. Each function runs in the caller's transaction."""

from __future__ import annotations

import copy
import dataclasses
import sqlite3
from typing import Any

from . import activities, nested_records, relationships
from .assignment import assign
from .callers import Caller
from .errors import ApiError, in_use, not_found, target_not_found
from .rendering import render
from .responses import ApiResponse
from .schema import identifiers, values
from .schema.hooks import Change, ResourceHooks, SaveRecord
from .schema.record import Record
from .schema.registry import RESOURCES
from .schema.resource import Resource
from .storage import duplicates, records
from .storage.tables import next_id


def get(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: str) -> ApiResponse:
    """Return a record. Raise `ApiError` (404) if the caller can't see it."""
    record = _load(connection, resource, caller, id)
    return ApiResponse(200, render(connection, resource, caller, [record.id])[0])


def create(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    payload: dict[str, Any],
    *,
    now: float,
    host: str,
) -> ApiResponse:
    """Create a record, or update the one that it duplicates. Raise `ApiError` (404, 422)."""
    is_new, number = _create(connection, resource, caller, payload, now=now)
    return ApiResponse(
        201 if is_new else 200, _write_response("created" if is_new else "duplicate", resource, number, host)
    )


def _create(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    payload: dict[str, Any],
    *,
    now: float,
) -> tuple[bool, int]:
    """Create or update a record. Return whether it is new, and its number."""
    if payload.get("id") is not None and resource.owned and "update" in resource.methods:
        record = _load(connection, resource, caller, payload["id"])
        _change(connection, resource, caller, record, payload, now)
        return False, record.id
    hooks = _hooks(resource)
    _check_required(resource, hooks, payload)
    timestamp = values.format_timestamp(now)
    owner = _owner(connection, resource, caller, payload)
    record = Record(0, caller.organization.id, owner, {}, timestamp, timestamp)
    change = Change(connection, caller.organization, record, payload, now, save_as(connection, caller, now))
    assign(resource, change, new=True)
    hooks.clean(change)
    existing = duplicates.find(connection, resource, record)
    if existing is not None:
        found = records.load(connection, resource, caller.organization.id, None, existing)
        if found is not None:
            _change(connection, resource, caller, found, payload, now)
            return False, existing
    hooks.before_save(change)
    hooks.before_create(change)
    nested_records.save(resource, change)
    record.id = next_id(connection, resource)
    records.insert(connection, resource, record)
    change.added = {name: set(ids) for name, ids in record.many.items()}
    hooks.after_save(change)
    activities.add_for_new_record(resource, change)
    return True, record.id


def update(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    id: str,
    payload: dict[str, Any],
    *,
    now: float,
    host: str,
) -> ApiResponse:
    """Update a record. Raise `ApiError` (404, 422)."""
    record = _load(connection, resource, caller, id)
    _change(connection, resource, caller, record, payload, now)
    return ApiResponse(
        200, _write_response("created", resource, record.id, host) if resource.update_returns_id else []
    )


def match(
    connection: sqlite3.Connection, resource: Resource, caller: Caller, payload: dict[str, Any], *, now: float
) -> ApiResponse:
    """Update the record that the payload duplicates. Raise `ApiError` (404, 422)."""
    if _leaves_owner_open(resource, caller, payload):
        number = relationships.find_duplicate_of_any_owner(
            connection, resource, caller.organization.id, payload
        )
    else:
        owner = _owner(connection, resource, caller, payload)
        number = relationships.find_duplicate(connection, resource, caller.organization.id, owner, payload)
    if number is None:
        raise not_found()
    record = _load(connection, resource, caller, identifiers.to_public(resource, number))
    _change(connection, resource, caller, record, payload, now)
    return ApiResponse(200, "[]")


def delete(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: str) -> ApiResponse:
    """Delete a record. Raise `ApiError` (404, 409)."""
    record = _load(connection, resource, caller, id)
    _hooks(resource).before_delete(connection, record)
    for other in RESOURCES.values():
        if relationships.is_protected(connection, other, resource, record.id):
            raise in_use(f"it is used in {other.path}")
    records.remove(connection, resource, record, RESOURCES.values())
    return ApiResponse(200, "[]")


def _hooks(resource: Resource) -> ResourceHooks:
    return resource.hooks() if resource.hooks else ResourceHooks()


def _load(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: Any) -> Record:
    number = identifiers.to_number(resource, id)
    record = records.load(connection, resource, caller.organization.id, caller.user, number)
    if record is None:
        raise not_found()
    return record


def _write_response(what: str, resource: Resource, number: int, host: str) -> dict[str, Any]:
    id = identifiers.to_public(resource, number)
    return {what: f"{host}/v1/{resource.path}/{id}", "id": id}


def _check_required(resource: Resource, hooks: ResourceHooks, payload: dict[str, Any]) -> None:
    def lacks(name: str) -> bool:
        return payload.get(name) in (None, "", {}, [])

    related = {relationship.name for relationship in resource.to_one}
    for name in resource.required:
        if lacks(name) and hooks.is_required(name, payload):
            if name in related:
                raise target_not_found(name)
            raise ApiError(422, f"Missing required attribute: '{name}'")
    options = resource.required_one_of
    if options and all(any(lacks(name) for name in option) for option in options):
        wording = " or ".join(
            "(" + ", ".join(option) + ")" if len(option) > 1 else option[0] for option in options
        )
        raise ApiError(422, f"Missing required attributes: one of {wording}")


def _owner(
    connection: sqlite3.Connection, resource: Resource, caller: Caller, payload: dict[str, Any]
) -> int | None:
    if not resource.owned:
        return None
    if caller.user is not None:
        return caller.user
    if resource.owner_optional and payload.get("owner") is None:
        return None
    organization = caller.organization.id
    if _leaves_owner_open(resource, caller, payload):
        number = relationships.find_duplicate_of_any_owner(connection, resource, organization, payload)
        if number is None:
            return relationships.default_owner(connection, organization)
        found = records.load(connection, resource, organization, None, number)
        return found.owner if found else None
    return relationships.find_owner(connection, organization, payload)


def _leaves_owner_open(resource: Resource, caller: Caller, payload: dict[str, Any]) -> bool:
    """Return whether an admin names no owner and need not."""
    return (
        resource.owned
        and caller.user is None
        and payload.get("owner") is None
        and not _hooks(resource).is_owner_required(payload)
    )


def save_as(connection: sqlite3.Connection, caller: Caller, now: float) -> SaveRecord:
    """Return a function that saves records of other resources as this caller."""

    def save(path: str, owner: int | None, payload: dict[str, Any]) -> int:
        target = RESOURCES[path]
        acting = dataclasses.replace(caller, user=owner) if target.owned else caller
        return _create(connection, target, acting, payload, now=now)[1]

    return save


def _change(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    record: Record,
    payload: dict[str, Any],
    now: float,
) -> None:
    for relationship in resource.to_one:
        if relationship.name in resource.required and payload.get(relationship.name, record) is None:
            raise target_not_found(relationship.name)
    old = copy.deepcopy(record)
    change = Change(connection, caller.organization, record, payload, now, save_as(connection, caller, now))
    hooks = _hooks(resource)
    if resource.owned and caller.is_admin and payload.get("owner") is not None:
        record.owner = relationships.find_owner(connection, caller.organization.id, payload)
        if old.owner is not None and record.owner != old.owner:
            hooks.owner_changed(change, old.owner)
    before = {name: set(ids) for name, ids in record.many.items()}
    assign(resource, change, new=False)
    nested_records.save(resource, change)
    hooks.clean(change)
    hooks.before_save(change)
    if resource.unique_on_update:
        other = duplicates.find(connection, resource, record, excluding=record.id)
        if other is not None:
            raise ApiError(422, f"Another record with these values exists: {other}")
    timestamp = values.format_timestamp(now)
    record.updated = max(timestamp, old.updated)
    records.replace(connection, resource, old, record)
    change.added = {name: ids - before.get(name, set()) for name, ids in record.many.items()}
    hooks.after_save(change)
