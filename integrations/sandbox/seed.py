"""The world as it begins: organizations, users, groups, custom fields and contacts, the same for the same seed.

Only the times of creation and change differ between two worlds of one seed: they are spread over the two years that end
when the world is made.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from . import people, store, values
from .declaration import Resource
from .organizations import APPLICATION
from .passwords import password_for
from .records import Record, insert_many
from .resources import RESOURCES
from .tables import create_tables, finish_tables, next_id

NAMES = ("Cedar Home Lending", "Bluewater Mortgage", "Summit Ridge Financial", "Harbor & Pine Lending")
_GENERATED = (
    (
        "Amber",
        "Brook",
        "Copper",
        "Elm",
        "Falcon",
        "Granite",
        "Juniper",
        "Lantern",
        "Meadow",
        "Northgate",
        "Orchard",
        "Silver",
    ),
    ("Field", "Gate", "Hill", "Lake", "Point", "Road", "Square", "Valley"),
    ("Home Loans", "Lending", "Mortgage", "Financial"),
)
REQUIRED_GROUPS = ("All Clients", "Website Leads")
USERS = 12
_SPAN = dt.timedelta(days=730)
_BATCH = 5000


@dataclass(frozen=True)
class Seed:
    """What a world is made from; `contacts` is per organization."""

    seed: int = 1
    organizations: int = 2
    contacts: int = 200


@dataclass
class _Owner:
    id: int
    groups: list[int]
    required: set[int]


def name_of(position: int) -> str:
    """The name of an organization by its position, from 0."""
    if position < len(NAMES):
        return NAMES[position]
    first, second, third = _GENERATED
    number = position - len(NAMES)
    name = f"{first[number % len(first)]} {second[number // len(first) % len(second)]} {third[number % len(third)]}"
    round_trip = number // (len(first) * len(second))
    return f"{name} {round_trip + 1}" if round_trip else name


def make_world(connection: sqlite3.Connection, seed: Seed, *, now: float) -> None:
    """Fill an empty file. Runs inside the caller's transaction, so that a world is there whole or not at all."""
    store.create_schema(connection)
    for resource in RESOURCES.values():
        create_tables(connection, resource)
    rng = random.Random(f"world {seed.seed}")
    end = dt.datetime.fromtimestamp(now, dt.UTC)
    store.set_meta(connection, "seed", asdict(seed))
    credentials = {"client_id": f"partner-{rng.randbytes(6).hex()}", "client_secret": rng.randbytes(20).hex()}
    store.set_meta(connection, APPLICATION, {"name": "Partner Portal", **credentials})
    owners = [_make_organization(connection, rng, position, end) for position in range(seed.organizations)]
    _make_contacts(connection, seed, owners, end)
    for resource in RESOURCES.values():
        finish_tables(connection, resource)


def _make_organization(
    connection: sqlite3.Connection, rng: random.Random, position: int, end: dt.datetime
) -> list[_Owner]:
    name = name_of(position)
    required = REQUIRED_GROUPS if position == 1 else ()
    id = position + 1
    slug = people.plain(name.replace(" ", ".").replace("&", "and")).replace(".", "-")
    connection.execute(
        "INSERT INTO organizations VALUES (?, ?, ?, ?, ?, ?)",
        (
            id,
            name,
            f"{slug}-{rng.randbytes(4).hex()}",
            rng.randbytes(20).hex(),
            json.dumps(required),
            json.dumps(people.CAMPAIGNS),
        ),
    )
    stamp = (end - _SPAN).strftime(values.MOMENT)
    _make_custom_fields(connection, id, stamp)
    users = _make_users(connection, rng, id, name, slug, stamp)
    return _make_groups(connection, users, id, required, stamp)


def _new(
    resource: Resource, id: int, organization: int, owner: int | None, given: dict[str, Any], stamp: str
) -> Record:
    record = Record(id, organization, owner, blank(resource), stamp, stamp)
    for name, value in given.items():
        section = record.attributes.get(name)
        record.attributes[name] = (
            {**section, **value} if isinstance(section, dict) and isinstance(value, dict) else value
        )
    return record


def blank(resource: Resource) -> dict[str, Any]:
    """The shown attributes of a new record, at their defaults."""
    attributes: dict[str, Any] = {field.name: field.default for field in resource.fields if field.shown}
    for section in resource.sections:
        if section.always_shown:
            attributes[section.name] = {field.name: field.default for field in section.fields}
    return attributes | {items.name: [] for items in resource.items if items.always_shown}


def _make_custom_fields(connection: sqlite3.Connection, organization: int, stamp: str) -> None:
    resource = RESOURCES["schema/custom-fields"]
    definitions = (
        (
            "preferred_language",
            "Preferred language",
            "text",
            "contact",
            "Language the contact likes to be written to in",
        ),
        ("household_size", "Household size", "integer", "contact", "People in the household"),
        ("first_time_buyer", "First-time buyer", "boolean", "contact", "Whether this is a first home"),
        ("custom_string", "Custom string", "text", "contact", "Free text"),
        ("lock_expires", "Rate lock expires", "date", "loan", "Last day of the rate lock"),
    )
    records = []
    for system_name, display_name, data_type, entity, description in definitions:
        given = {
            "system_name": system_name,
            "display_name": display_name,
            "data_type": data_type,
            "related_entity": {"entity_type": entity, "entity_subtype": None},
        }
        record = _new(resource, next_id(connection, resource), organization, None, given, stamp)
        record.hidden = {"description": description}
        records.append(record)
    insert_many(connection, resource, records)


def _make_users(
    connection: sqlite3.Connection, rng: random.Random, organization: int, name: str, slug: str, stamp: str
) -> list[int]:
    """Twelve users: the first is an admin, the last is inactive."""
    resource = RESOURCES["users"]
    firsts, lasts = rng.sample(people.FIRST_NAMES, USERS), rng.sample(people.LAST_NAMES, USERS)
    records = []
    for position, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        id = next_id(connection, resource)
        admin = position == 0
        login = f"{people.plain(first)}.{people.plain(last)}"
        given = {
            "email": f"{login}@{slug}.example",
            "external_id": f"emp-{organization:02}{position + 1:03}" if position % 4 != 3 else None,
            "last_login_date": None if position == USERS - 1 else f"2026-0{position % 9 + 1}-14 16:20:00",
            "status": int(position != USERS - 1),
            "type": "Lender",
            "username": f"{login}-{slug}".replace(".", "-"),
            "role": {"id": 1 if admin else 2, "role_name": "Organization Admin" if admin else "Loan Officer"},
            "info": {
                "first_name": first,
                "last_name": last,
                "job_title": "Operations" if admin else "Loan Officer",
                "company": name,
                "phone_office": people.phone(rng),
                "timezone_name": "America/Chicago",
            },
            "licenses": [{"content": f"LIC {rng.randrange(10000, 99999)}", "license_name": "MN"}],
        }
        records.append(_new(resource, id, organization, None, given, stamp))
        connection.execute(
            "INSERT INTO people VALUES (?, ?, ?, ?)", (id, organization, password_for(id), int(admin))
        )
    insert_many(connection, resource, records)
    return [record.id for record in records]


def _make_groups(
    connection: sqlite3.Connection, users: list[int], organization: int, required: tuple[str, ...], stamp: str
) -> list[_Owner]:
    """The same groups for each owner, as far as names go; the admin owns nothing."""
    resource = RESOURCES["contact-groups"]
    owners, records = [], []
    for user in users[1:]:
        ids: dict[str, int] = {}
        for name in (*required, *people.GROUP_NAMES):
            ids[name] = next_id(connection, resource)
            given = {"group_name": name, "user_editable": name not in required}
            records.append(_new(resource, ids[name], organization, user, given, stamp))
        owners.append(
            _Owner(user, [ids[name] for name in people.GROUP_NAMES], {ids[name] for name in required})
        )
    insert_many(connection, resource, records)
    return owners


def _make_contacts(
    connection: sqlite3.Connection, seed: Seed, owners: list[list[_Owner]], end: dt.datetime
) -> None:
    """Contacts of all organizations in turn, so that numbers ascend with creation across the whole world."""
    resource = RESOURCES["contacts"]
    makers = [_contacts_of(seed, position, owned, end) for position, owned in enumerate(owners)]
    batch: list[Record] = []
    last = resource.first_id - 1
    for records in zip(*makers, strict=True) if makers else ():
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


def _contacts_of(seed: Seed, position: int, owners: list[_Owner], end: dt.datetime) -> Iterator[Record]:
    """The contacts of one organization in the order of their creation, with no ids yet."""
    rng = random.Random(f"contacts {seed.seed} {position}")
    resource = RESOURCES["contacts"]
    pattern = blank(resource)
    start, step = end - _SPAN, _SPAN / max(1, seed.contacts)
    taken: set[tuple[str, ...]] = set()
    earlier: list[tuple[dict[str, Any], int]] = []
    for number in range(seed.contacts):
        created = start + step * number
        updated = created + (end - created) * (rng.random() ** 2 if rng.random() < 0.6 else 0)
        person, owner = _person(rng, owners, earlier)
        while (
            key := (str(owner.id), person["first_name"].casefold(), person["last_name"].casefold())
        ) in taken:
            person["last_name"] = f"{person['last_name']}-{rng.choice(people.LAST_NAMES)}"
        taken.add(key)
        if len(earlier) < 400 or rng.random() < 0.01:
            earlier.append((dict(person), owner.id))
        record = Record(
            0,
            position + 1,
            owner.id,
            {**pattern, "external_ids": [], "preferences": {"is_silenced": rng.random() < 0.05}, **person},
            created.strftime(values.MOMENT),
            updated.strftime(values.MOMENT),
            archived=rng.random() < 0.03,
        )
        _decorate(rng, record, owner, owners, number)
        yield record


def _person(
    rng: random.Random, owners: list[_Owner], earlier: list[tuple[dict[str, Any], int]]
) -> tuple[dict[str, Any], _Owner]:
    """Somebody new, somebody another owner knows too, or an earlier contact as somebody else would have typed them."""
    owner = owners[int(rng.random() ** 1.6 * len(owners))]
    kind = rng.random()
    if earlier and kind < 0.04:
        person, known_to = rng.choice(earlier)
        others = [candidate for candidate in owners if candidate.id != known_to]
        return dict(person), rng.choice(others)
    if earlier and kind < 0.06:
        return people.other_hand(rng, rng.choice(earlier)[0]), owner
    return people.contact(rng), owner


def _decorate(rng: random.Random, record: Record, owner: _Owner, owners: list[_Owner], number: int) -> None:
    attributes = record.attributes
    if rng.random() < 0.2:
        external = f"{record.organization}-{number:06}"
        attributes["external_id"] = external
        attributes["external_ids"] = [{"external_id": external, "source": attributes["source"]}]
    if rng.random() < 0.05:
        description = "Language the contact likes to be written to in"
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
