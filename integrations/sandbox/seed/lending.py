"""Loans, accounts, households, scenarios, unsubscribes and activities of a new sandbox."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from typing import Any

from ..engine.schema import values
from . import fake_data
from .contacts import SPAN, Seed
from .reference_lists import RecordBuilder

_MAX_RECORDS = 40
_PER_LOAN, _PER_ACCOUNT, _PER_HOUSEHOLD = 10, 20, 20
_PROPERTIES = ("Single Family", "Condominium", "Townhouse", "2-4 Unit")


def make_lending(connection: sqlite3.Connection, seed: Seed, end: dt.datetime) -> None:
    """Create loans for a tenth of the contacts, and fewer accounts and households; at most forty of each."""
    timestamp = values.format_datetime(end - SPAN / 8)
    for organization in range(1, seed.organizations + 1):
        rng = random.Random(f"lending {seed.seed} {organization}")
        builder = RecordBuilder(connection, organization, timestamp)
        owners = _contacts_by_owner(connection, organization)
        lists = _ReferenceIds(connection, organization)
        for number in range(min(seed.contacts // _PER_LOAN, _MAX_RECORDS)):
            _loan(builder, rng, lists, rng.choice(owners), number)
        for number in range(min(seed.contacts // _PER_ACCOUNT, _MAX_RECORDS)):
            _account(builder, rng, lists, rng.choice(owners), number)
        for number in range(min(seed.contacts // _PER_HOUSEHOLD, _MAX_RECORDS)):
            _household(builder, rng, lists, rng.choice(owners), number)
        if owners:
            _scenario(builder, rng, rng.choice(owners))
        _unsubscribes(builder, lists)
        _activity(builder, owners)
        builder.save()


class _ReferenceIds:
    """The ids of an organization's reference lists."""

    def __init__(self, connection: sqlite3.Connection, organization: int) -> None:
        self._connection = connection
        self._organization = organization

    def of(self, table: str, condition: str = "1") -> list[int]:
        """Return the ids in one list."""
        query = f"SELECT id FROM {table} WHERE organization = ? AND {condition} ORDER BY id"
        return [row[0] for row in self._connection.execute(query, (self._organization,))]


def _contacts_by_owner(
    connection: sqlite3.Connection, organization: int
) -> list[tuple[int, list[tuple[int, str]]]]:
    """Return the ids and last names of the latest contacts of each owner."""
    rows = connection.execute(
        "SELECT owner, id, a_last_name FROM contacts WHERE organization = ? AND archived = 0"
        " ORDER BY id DESC LIMIT 400",
        (organization,),
    )
    owners: dict[int, list[tuple[int, str]]] = {}
    for owner, id, last_name in rows:
        owners.setdefault(owner, []).append((id, last_name))
    return sorted(owners.items())


def _loan(
    builder: RecordBuilder,
    rng: random.Random,
    lists: _ReferenceIds,
    owner_contacts: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = owner_contacts
    borrower, last_name = rng.choice(contacts)
    coborrower = rng.choice(contacts)[0] if rng.random() < 0.3 else None
    value = rng.randrange(180, 900) * 1000
    applied, funded = f"2026-0{number % 6 + 1}-{rng.randrange(10, 28)} 00:00:00", number % 3 == 0
    address = fake_data.contact(rng)
    builder.add(
        "loans",
        owner=owner,
        one={
            "borrower": borrower,
            "coborrower": None if coborrower == borrower else coborrower,
            "loan_type": rng.choice(lists.of("loan_types")),
            "loan_status": lists.of("loan_statuses")[-1 if funded else number % 4],
            "loan_purpose": rng.choice(lists.of("loan_purposes")),
            "loan_program": rng.choice(lists.of("loan_programs")),
            "account_class": lists.of("account_classifications", "a_class_name = 'mortgage'")[0],
        },
        external_id=f"LOS-{number + 1:05}",
        loan_number=f"{7_000_000 + number * 37}",
        loan_name=f"{last_name} home",
        loan_amount=f"{value * 0.8:.2f}",
        loan_rate=f"{rng.randrange(500, 760) / 100:.2f}",
        loan_term=rng.choice((180, 360)),
        appraised_value=f"{value:.2f}",
        is_first_time_buyer=int(rng.random() < 0.3),
        property_type=rng.choice(_PROPERTIES),
        application_date=applied,
        funded_date=f"2026-0{number % 6 + 3}-15 00:00:00" if funded else None,
        source="LOS",
        **_address(address),
    )


def _account(
    builder: RecordBuilder,
    rng: random.Random,
    lists: _ReferenceIds,
    owner_contacts: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = owner_contacts
    holder, last_name = rng.choice(contacts)
    name = rng.choice(("checking", "savings"))
    kind = lists.of("account_classifications", f"a_class_name = '{name}_account'")[0]
    builder.add(
        "accounts",
        owner=owner,
        one={
            "primary_account_holder": holder,
            "account_class": kind,
            "account_type": lists.of("account_types", f"account_class = {kind}")[0],
            "account_status": lists.of("account_statuses", f"account_class = {kind}")[0],
        },
        external_id=f"CORE-{number + 1:05}",
        account_number=f"{51_000_000 + number * 53}",
        account_name=f"{last_name} {name}",
        open_date=f"2025-{number % 12 + 1:02}-03 09:00:00",
        source="Core banking",
        **_address(fake_data.contact(rng)),
    )


def _household(
    builder: RecordBuilder,
    rng: random.Random,
    lists: _ReferenceIds,
    owner_contacts: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = owner_contacts
    members = rng.sample(contacts, min(2, len(contacts)))
    entity = builder.add(
        "entities",
        owner=owner,
        one={"entity_type": lists.of("entity_types", "a_system_name = 'household'")[0]},
        entity_name=f"{members[0][1]} household",
        external_id=f"HH-{number + 1:05}",
        phone=fake_data.phone(rng),
        **_address(fake_data.contact(rng)),
    )
    kind = lists.of("entity_relationship_types", "a_system_name = 'members'")[0]
    for member, _ in members:
        builder.add("entity-members", one={"entity": entity, "contact": member, "relationship_type": kind})


def _scenario(
    builder: RecordBuilder, rng: random.Random, owner_contacts: tuple[int, list[tuple[int, str]]]
) -> None:
    owner, contacts = owner_contacts
    place = fake_data.contact(rng)
    builder.add(
        "scenarios",
        owner=owner,
        name=place.get("address", "Example scenario"),
        display_name="Two ways to finance",
        expiration_date="2030-06-30 12:00:00",
        tags=[{"type": "CONTACT", "value": rng.choice(contacts)[0]}],
        data={
            "loan_scenarios": [
                {"product_name": "30-year fixed", "rate": 6.25, "apr": 6.41, "monthly_payment": 1970},
                {"product_name": "7-year ARM", "rate": 5.75, "apr": 6.02, "monthly_payment": 1867},
            ]
        },
    )


def _unsubscribes(builder: RecordBuilder, lists: _ReferenceIds) -> None:
    domain, officer = lists.of("email_domains")[0], lists.of("users")[1]
    builder.add(
        "email-unsubscribes",
        many={"domains": set(), "users": set()},
        email="no.more.mail@post.example",
        organization_wide=True,
        organization_unsub_at="2026-03-05T14:20:00.000000Z",
    )
    builder.add(
        "email-unsubscribes",
        many={"domains": {domain}, "users": {officer}},
        email="not.from.you@inbox.example",
        organization_wide=False,
    )


def _activity(builder: RecordBuilder, owners: list[tuple[int, list[tuple[int, str]]]]) -> None:
    """Add an activity for the creation of the latest contacts. Older activities are not kept."""
    latest = sorted((contact, owner) for owner, contacts in owners for contact, _ in contacts)[-_MAX_RECORDS:]
    for contact, owner in latest:
        builder.add(
            "activity",
            owner=owner,
            one={"contact": contact},
            type="Contact Created",
            title="Contact Created",
            details=f"contacts/{contact}",
            contact_id=contact,
            owner_id=owner,
        )


def _address(person: dict[str, Any]) -> dict[str, Any]:
    return {name: person[name] for name in ("address", "city", "state", "zip_code") if name in person}
