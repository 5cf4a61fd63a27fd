"""Contacts of a new sandbox: with duplicates, groups, missing values and two years of history."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..engine.schema import values
from ..engine.schema.record import Record
from ..engine.storage.records import insert_many
from ..resources import RESOURCES
from . import fake_data

SPAN = dt.timedelta(days=730)
_BATCH = 5000
_STATUSES = ("Applied", "Documents missing", "In underwriting")


@dataclass(frozen=True)
class Seed:
    """What the data is made from. `contacts` is the number per organization."""

    seed: int = 1
    organizations: int = 2
    contacts: int = 200


@dataclass
class Owner:
    """A user who owns contacts, with the ids of their optional and required groups."""

    id: int
    groups: list[int]
    required: set[int]


@dataclass
class ListIds:
    """The ids of an organization's channels and access types."""

    channels: list[int]
    access_types: list[int]


def make_contacts(
    connection: sqlite3.Connection, seed: Seed, owners: list[list[Owner]], end: dt.datetime
) -> None:
    """Create contacts of all organizations in turn, so that ids ascend with the time of creation."""
    resource = RESOURCES["contacts"]
    sequences = [
        _contacts_of(seed, position, owned, end, _lists_of(connection, position + 1))
        for position, owned in enumerate(owners)
    ]
    batch: list[Record] = []
    last = resource.first_id - 1
    for records in zip(*sequences, strict=True) if sequences else ():
        for record in records:
            last += 1
            record.id = last
            batch.append(record)
        if len(batch) >= _BATCH:
            insert_many(connection, resource, batch)
            batch = []
    insert_many(connection, resource, batch)
    if last >= resource.first_id:
        connection.execute("INSERT INTO sequences VALUES (?, ?)", (resource.path, last))


def _lists_of(connection: sqlite3.Connection, organization: int) -> ListIds:
    channels, access_types = (
        [
            id
            for (id,) in connection.execute(
                f"SELECT id FROM {table} WHERE organization = ? ORDER BY id", (organization,)
            )
        ]
        for table in ("channels", "wlp_access_types")
    )
    return ListIds(channels, access_types)


def _contacts_of(
    seed: Seed, position: int, owners: list[Owner], end: dt.datetime, lists: ListIds
) -> Iterator[Record]:
    """Yield the contacts of one organization in the order of creation, without ids."""
    rng = random.Random(f"contacts {seed.seed} {position}")
    resource = RESOURCES["contacts"]
    defaults = resource.defaults()
    start, step = end - SPAN, SPAN / max(1, seed.contacts)
    taken: set[tuple[Any, ...]] = set()
    earlier: list[tuple[dict[str, Any], int]] = []
    for number in range(seed.contacts):
        created = start + step * number
        updated = created + (end - created) * (rng.random() ** 2 if rng.random() < 0.6 else 0)
        person, owner = _person(rng, owners, earlier)
        while not taken.isdisjoint(found := _identities(owner.id, person)):
            person["last_name"] = f"{person['last_name']}-{rng.choice(fake_data.LAST_NAMES)}"
        taken |= found
        if len(earlier) < 400 or rng.random() < 0.01:
            earlier.append((dict(person), owner.id))
        record = Record(
            0,
            position + 1,
            owner.id,
            {**defaults, "external_ids": [], "preferences": {"is_silenced": rng.random() < 0.05}, **person},
            values.format_datetime(created),
            values.format_datetime(updated),
            archived=rng.random() < 0.03,
        )
        _add_details(rng, record, owner, owners, number)
        _add_list_values(record, lists, number)
        yield record


def _identities(owner: int, person: dict[str, Any]) -> set[tuple[Any, ...]]:
    """Return what would make another contact of the same owner a duplicate."""
    name = (owner, person["first_name"].casefold(), person["last_name"].casefold())
    found: set[tuple[Any, ...]] = {
        (
            *name,
            reach,
            values.phone_digits(person[reach]) if reach.startswith("phone") else person[reach].casefold(),
        )
        for reach in ("email", "phone_cell", "phone_home", "phone_office")
        if person.get(reach)
    }
    if person.get("address"):
        found.add((*name, "address", person["address"], person["zip_code"]))
    return found


def _person(
    rng: random.Random, owners: list[Owner], earlier: list[tuple[dict[str, Any], int]]
) -> tuple[dict[str, Any], Owner]:
    """Return a new person, one that another owner knows too, or a variant of an earlier one."""
    owner = owners[int(rng.random() ** 1.6 * len(owners))]
    kind = rng.random()
    if earlier and kind < 0.04:
        person, known_to = rng.choice(earlier)
        others = [candidate for candidate in owners if candidate.id != known_to]
        return dict(person), rng.choice(others)
    if earlier and kind < 0.08:
        return fake_data.variant(rng, rng.choice(earlier)[0]), owner
    return fake_data.contact(rng), owner


def _add_details(rng: random.Random, record: Record, owner: Owner, owners: list[Owner], number: int) -> None:
    attributes = record.attributes
    if rng.random() < 0.2:
        external = f"{record.organization}-{number:06}"
        attributes["external_id"] = external
        attributes["external_ids"] = [{"external_id": external, "source": attributes["source"]}]
    if rng.random() < 0.05:
        description = "The contact's preferred language"
        language = rng.choice(("Español", "English", "Tiếng Việt"))
        attributes["custom"] = [
            {"description": description, "field_name": "preferred_language", "value": language}
        ]
    groups = {group for group in owner.groups if rng.random() < 0.2}
    if owner.required and rng.random() < 0.85:
        groups |= owner.required
    record.many = {"contact_groups": groups, "shared_with_users": set()}
    if rng.random() < 0.02:
        record.many["shared_with_users"] = {rng.choice(owners).id} - {owner.id}
    record.one = {"assignee": rng.choice(owners).id if rng.random() < 0.02 else None}


def _add_list_values(record: Record, lists: ListIds, number: int) -> None:
    """Give some contacts a channel, an access type or an external status, without using random numbers."""
    if number % 5 == 1:
        record.many["channels"] = {lists.channels[number // 5 % len(lists.channels)]}
    if number % 7 == 2:
        record.one["wlp_access"] = lists.access_types[number // 7 % len(lists.access_types)]
    if number % 9 == 3:
        record.attributes["external_status"] = {"status_name": _STATUSES[number // 9 % len(_STATUSES)]}
