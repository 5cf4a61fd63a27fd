"""What clients can do to a resource: get, create, update, delete. Each runs in the transaction it
is given.
"""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import sqlite3
from typing import TYPE_CHECKING, Any

from . import duplicates, embedded, records, relationships, values
from .access import Caller
from .answers import Answer, Refusal, not_found
from .assignment import assign
from .behaviour import Behaviour, Change
from .declaration import Resource
from .filters import parse_id
from .records import Record
from .rendering import render
from .resources import RESOURCES
from .tables import next_id

if TYPE_CHECKING:
    from .behaviour import Store


def get(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: str) -> Answer:
    """One record. Raises `Refusal` (404) where the caller cannot see one of this id."""
    record = _load(connection, resource, caller, id)
    return Answer(200, render(connection, resource, caller, [record.id])[0])


def create(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    payload: dict[str, Any],
    *,
    now: float,
    host: str,
) -> Answer:
    """Create a record, or update the one it is a duplicate of. Raises `Refusal` (422, 404)."""
    if "id" in payload and resource.owned:
        record = _load(connection, resource, caller, payload["id"])
        _change(connection, resource, caller, record, payload, now)
        return _written("duplicate", 200, resource, record.id, host)
    _check_required(resource, caller, payload)
    stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime(values.MOMENT)
    record = Record(
        0, caller.organization.id, _owner(connection, resource, caller, payload), {}, stamp, stamp
    )
    store = _store(connection, caller, now, host)
    change = Change(connection, caller.organization, record, payload, now, store)
    assign(resource, change, new=True)
    behaviour = _behaviour(resource)
    behaviour.complete(change)
    existing = duplicates.find(connection, resource, record)
    if existing is not None:
        found = records.load(connection, resource, caller.organization.id, None, existing)
        if found is not None:
            _change(connection, resource, caller, found, payload, now)
            return _written("duplicate", 200, resource, existing, host)
    behaviour.check_create(change)
    embedded.relate(resource, change)
    record.id = next_id(connection, resource)
    records.insert(connection, resource, record)
    change.added = {name: set(ids) for name, ids in record.many.items()}
    behaviour.after_write(change)
    return _written("created", 201, resource, record.id, host)


def update(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    id: str,
    payload: dict[str, Any],
    *,
    now: float,
) -> Answer:
    """Change a record. Raises `Refusal` (404, 422)."""
    _change(connection, resource, caller, _load(connection, resource, caller, id), payload, now)
    return Answer(200, "[]")


def delete(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: str) -> Answer:
    """Delete a record. Raises `Refusal` (404)."""
    records.remove(connection, resource, _load(connection, resource, caller, id), RESOURCES.values())
    return Answer(200, "[]")


def _behaviour(resource: Resource) -> Behaviour:
    return resource.behaviour() if resource.behaviour else Behaviour()


def _load(connection: sqlite3.Connection, resource: Resource, caller: Caller, id: Any) -> Record:
    record = records.load(connection, resource, caller.organization.id, caller.user, parse_id(id))
    if record is None:
        raise not_found()
    return record


def _written(what: str, status: int, resource: Resource, id: int, host: str) -> Answer:
    return Answer(status, {what: f"{host}/v1/{resource.path}/{id}", "id": id})


def _check_required(resource: Resource, caller: Caller, payload: dict[str, Any]) -> None:
    def lacks(name: str) -> bool:
        return payload.get(name) in (None, "", {}, [])

    for name in resource.required:
        if lacks(name):
            raise Refusal(422, f"Missing required attribute: '{name}'")
    options = resource.required_one_of
    if options and all(any(lacks(name) for name in option) for option in options):
        wording = " or ".join(
            "(" + ", ".join(option) + ")" if len(option) > 1 else option[0] for option in options
        )
        raise Refusal(422, f"Missing required attributes: one of {wording}")


def _owner(
    connection: sqlite3.Connection, resource: Resource, caller: Caller, payload: dict[str, Any]
) -> int | None:
    if not resource.owned:
        return None
    if caller.user is not None:
        return caller.user
    if resource.owner_optional and payload.get("owner") is None:
        return None
    return relationships.find_owner(connection, caller.organization.id, payload)


def _store(connection: sqlite3.Connection, caller: Caller, now: float, host: str) -> Store:
    def store(target: Resource, owner: int | None, payload: dict[str, Any]) -> int:
        acting = dataclasses.replace(caller, user=owner) if target.owned else caller
        return int(create(connection, target, acting, payload, now=now, host=host).body["id"])

    return store


def _change(
    connection: sqlite3.Connection,
    resource: Resource,
    caller: Caller,
    record: Record,
    payload: dict[str, Any],
    now: float,
    host: str = "",
) -> None:
    old = copy.deepcopy(record)
    store = _store(connection, caller, now, host)
    change = Change(connection, caller.organization, record, payload, now, store)
    behaviour = _behaviour(resource)
    if resource.owned and caller.is_admin and payload.get("owner") is not None:
        record.owner = relationships.find_owner(connection, caller.organization.id, payload)
        if old.owner is not None and record.owner != old.owner:
            behaviour.follow_owner(change, old.owner)
    before = {name: set(ids) for name, ids in record.many.items()}
    assign(resource, change, new=False)
    embedded.relate(resource, change)
    behaviour.complete(change)
    if resource.unique_on_update:
        other = duplicates.find(connection, resource, record, besides=record.id)
        if other is not None:
            raise Refusal(422, f"Another record with these values exists: {other}")
    stamp = dt.datetime.fromtimestamp(now, dt.UTC).strftime(values.MOMENT)
    record.updated = max(stamp, old.updated)
    records.replace(connection, resource, old, record)
    change.added = {name: ids - before.get(name, set()) for name, ids in record.many.items()}
    behaviour.after_write(change)
