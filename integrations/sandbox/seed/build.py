"""Building the data of a new sandbox: organizations, users, groups and custom fields, then everything else.

The same seed gives the same data, except for the times of creation and change: they are spread over the last two years.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import json
import random
import sqlite3
from dataclasses import asdict
from typing import Any

from ..engine.schema import values
from ..engine.schema.record import Record
from ..engine.schema.resource import Resource
from ..engine.storage import database
from ..engine.storage.records import insert_many
from ..engine.storage.tables import create_tables, index_tables, next_id
from ..resources import RESOURCES
from ..signin.organizations import APPLICATION
from ..signin.passwords import password_for
from ..webhooks import deliveries
from . import engagement, fake_data
from .contacts import SPAN, Owner, Seed, make_contacts
from .lending import make_lending
from .reference_lists import ADMIN, OFFICER, TEAMS, RecordBuilder, make_lists, make_roles, make_teams
from .webhook_actions import make_webhook_actions

NAMES = (
    "Cedar Home Lending",
    "Bluewater Mortgage",
    "Summit Ridge Financial",
    "Harbor & Pine Lending",
    "Lakeshore Lending",
    "Prairie Loans",
    "Hilltop Lending",
)
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


def organization_name(position: int) -> str:
    """Return the name of an organization by its position, from 0."""
    if position < len(NAMES):
        return NAMES[position]
    first, second, third = _GENERATED
    number = position - len(NAMES)
    words = (
        first[number % len(first)],
        second[number // len(first) % len(second)],
        third[number % len(third)],
    )
    name = " ".join(words)
    round_trip = number // (len(first) * len(second))
    return f"{name} {round_trip + 1}" if round_trip else name


def seed_database(connection: sqlite3.Connection, seed: Seed, *, now: float) -> None:
    """Fill an empty file, in the caller's transaction."""
    database.create_schema(connection)
    for resource in RESOURCES.values():
        create_tables(connection, resource)
    rng = random.Random(f"world {seed.seed}")
    end = dt.datetime.fromtimestamp(now, dt.UTC)
    database.set_meta(connection, "seed", asdict(seed))
    credentials = {"client_id": f"partner-{rng.randbytes(6).hex()}", "client_secret": rng.randbytes(20).hex()}
    database.set_meta(connection, APPLICATION, credentials)
    owners = [_make_organization(connection, rng, position, end) for position in range(seed.organizations)]
    make_contacts(connection, seed, owners, end)
    engagement.make_engagement(connection, seed, end)
    make_lending(connection, seed, end)
    for resource in RESOURCES.values():
        index_tables(connection, resource)
        deliveries.create_triggers(connection, resource)


@functools.cache
def expected_schema() -> frozenset[tuple[str, str]]:
    """Return the schema that this version creates."""
    with contextlib.closing(sqlite3.connect(database.MEMORY)) as connection:
        seed_database(connection, Seed(organizations=0, contacts=0), now=0)
        return database.schema(connection)


def _make_organization(
    connection: sqlite3.Connection, rng: random.Random, position: int, end: dt.datetime
) -> list[Owner]:
    name = organization_name(position)
    required = REQUIRED_GROUPS if position == 1 else ()
    id = position + 1
    slug = fake_data.to_ascii(name.replace(" ", ".").replace("&", "and")).replace(".", "-")
    connection.execute(
        "INSERT INTO organizations VALUES (?, ?, ?, ?, ?, ?)",
        (
            id,
            name,
            f"{slug}-{rng.randbytes(4).hex()}",
            rng.randbytes(20).hex(),
            json.dumps(required),
            json.dumps(engagement.CAMPAIGNS),
        ),
    )
    timestamp = values.format_datetime(end - SPAN)
    _make_custom_fields(connection, id, timestamp)
    engagement.make_definitions(connection, id, timestamp)
    make_webhook_actions(connection, id, timestamp)
    builder = RecordBuilder(connection, id, timestamp)
    make_lists(builder, f"{slug}.example")
    users = _make_users(connection, rng, builder, id, name, slug, timestamp)
    builder.save()
    return _make_groups(connection, users, id, required, timestamp)


def _new(
    resource: Resource, id: int, organization: int, owner: int | None, given: dict[str, Any], timestamp: str
) -> Record:
    record = Record(id, organization, owner, resource.defaults(), timestamp, timestamp)
    for name, value in given.items():
        section = record.attributes.get(name)
        record.attributes[name] = (
            {**section, **value} if isinstance(section, dict) and isinstance(value, dict) else value
        )
    return record


def _make_custom_fields(connection: sqlite3.Connection, organization: int, timestamp: str) -> None:
    resource = RESOURCES["schema/custom-fields"]
    definitions = (
        (
            "preferred_language",
            "Preferred language",
            "text",
            "contact",
            "The contact's preferred language",
        ),
        ("household_size", "Household size", "integer", "contact", "People in the household"),
        (
            "first_time_buyer",
            "First-time buyer",
            "boolean",
            "contact",
            "Whether this is the contact's first home",
        ),
        ("custom_string", "Custom string", "text", "contact", "Free text"),
        ("lock_expires", "Rate lock expires", "date", "loan", "Last day of the rate lock"),
        ("custom_string", "Custom string", "text", "loan", "Free text"),
        ("custom_string", "Custom string", "text", "account", "Free text"),
        ("custom_string", "Custom string", "text", "entity", "Free text"),
    )
    records = []
    for system_name, display_name, data_type, entity, description in definitions:
        given = {
            "system_name": system_name,
            "display_name": display_name,
            "data_type": data_type,
            "related_entity": {"entity_type": entity, "entity_subtype": None},
        }
        record = _new(resource, next_id(connection, resource), organization, None, given, timestamp)
        record.hidden = {"description": description}
        records.append(record)
    insert_many(connection, resource, records)


def _make_users(
    connection: sqlite3.Connection,
    rng: random.Random,
    builder: RecordBuilder,
    organization: int,
    name: str,
    slug: str,
    timestamp: str,
) -> list[int]:
    """Create twelve users in two teams. The first is an admin, the last is inactive. Return their ids."""
    resource = RESOURCES["users"]
    roles, teams = make_roles(builder), [builder.reserve("teams") for _ in TEAMS]
    firsts, lasts = rng.sample(fake_data.FIRST_NAMES, USERS), rng.sample(fake_data.LAST_NAMES, USERS)
    records = []
    for position, (first, last) in enumerate(zip(firsts, lasts, strict=True)):
        id = next_id(connection, resource)
        admin = position == 0
        login = f"{fake_data.to_ascii(first)}.{fake_data.to_ascii(last)}"
        given = {
            "email": f"{login}@{slug}.example",
            "external_id": f"emp-{organization:02}{position + 1:03}" if position % 4 != 3 else None,
            "last_login_date": None if position == USERS - 1 else f"2026-0{position % 9 + 1}-14 16:20:00",
            "status": int(position != USERS - 1),
            "type": "Lender",
            "username": f"{login}-{slug}".replace(".", "-"),
            "info": {
                "first_name": first,
                "last_name": last,
                "job_title": "Operations" if admin else "Loan Officer",
                "company": name,
                "phone_office": fake_data.phone(rng),
                "timezone_name": "America/Chicago",
            },
            "licenses": [{"content": f"LIC {rng.randrange(10000, 99999)}", "license_name": "MN"}],
        }
        record = _new(resource, id, organization, None, given, timestamp)
        record.one = {"role": roles[ADMIN if admin else OFFICER]}
        record.many = {"teams": set() if admin else {teams[position % len(teams)]}}
        records.append(record)
        connection.execute(
            "INSERT INTO logins VALUES (?, ?, ?, ?)", (id, organization, password_for(id), int(admin))
        )
    insert_many(connection, resource, records)
    make_teams(builder, teams, [record.id for record in records[1:3]])
    return [record.id for record in records]


def _make_groups(
    connection: sqlite3.Connection,
    users: list[int],
    organization: int,
    required: tuple[str, ...],
    timestamp: str,
) -> list[Owner]:
    """Create groups of the same names for each user but the admin, who owns nothing."""
    resource = RESOURCES["contact-groups"]
    owners, records = [], []
    for user in users[1:]:
        ids: dict[str, int] = {}
        for name in (*required, *fake_data.GROUP_NAMES):
            ids[name] = next_id(connection, resource)
            given = {"group_name": name, "user_editable": name not in required}
            records.append(_new(resource, ids[name], organization, user, given, timestamp))
        owners.append(
            Owner(user, [ids[name] for name in fake_data.GROUP_NAMES], {ids[name] for name in required})
        )
    insert_many(connection, resource, records)
    return owners
