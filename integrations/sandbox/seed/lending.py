"""What the contacts of a world begin with beside themselves: loans, accounts and households, a few each."""

from __future__ import annotations

import datetime as dt
import random
import sqlite3
from typing import Any

from ..engine.schema import values
from . import fake_data
from .contacts import SPAN, Seed
from .reference_lists import Maker

_MOST = 40
_PER_LOAN, _PER_ACCOUNT, _PER_HOUSEHOLD = 10, 20, 20
_PROPERTIES = ("Single Family", "Condominium", "Townhouse", "2-4 Unit")


def make_lending(connection: sqlite3.Connection, seed: Seed, end: dt.datetime) -> None:
    """Loans for a tenth of the contacts of each organization, accounts and households for fewer, and never
    more than forty of each.
    """
    stamp = values.stamp(end - SPAN / 8)
    for organization in range(1, seed.organizations + 1):
        rng = random.Random(f"lending {seed.seed} {organization}")
        maker = Maker(connection, organization, stamp)
        books = _books(connection, organization)
        lists = _Lists(connection, organization)
        for number in range(min(seed.contacts // _PER_LOAN, _MOST)):
            _loan(maker, rng, lists, rng.choice(books), number)
        for number in range(min(seed.contacts // _PER_ACCOUNT, _MOST)):
            _account(maker, rng, lists, rng.choice(books), number)
        for number in range(min(seed.contacts // _PER_HOUSEHOLD, _MOST)):
            _household(maker, rng, lists, rng.choice(books), number)
        if books:
            _scenario(maker, rng, rng.choice(books))
        _unsubscribes(maker, lists)
        _activity(maker, books)
        maker.store()


class _Lists:
    """The ids of an organization's lists."""

    def __init__(self, connection: sqlite3.Connection, organization: int) -> None:
        self._connection = connection
        self._organization = organization

    def of(self, table: str, condition: str = "1") -> list[int]:
        """The ids in one list."""
        query = f"SELECT id FROM {table} WHERE organization = ? AND {condition} ORDER BY id"
        return [row[0] for row in self._connection.execute(query, (self._organization,))]


def _books(connection: sqlite3.Connection, organization: int) -> list[tuple[int, list[tuple[int, str]]]]:
    """Per owner, the ids and last names of the latest few contacts."""
    rows = connection.execute(
        "SELECT owner, id, a_last_name FROM contacts WHERE organization = ? AND archived = 0"
        " ORDER BY id DESC LIMIT 400",
        (organization,),
    )
    books: dict[int, list[tuple[int, str]]] = {}
    for owner, id, last_name in rows:
        books.setdefault(owner, []).append((id, last_name))
    return sorted(books.items())


def _loan(
    maker: Maker,
    rng: random.Random,
    lists: _Lists,
    book: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = book
    borrower, last_name = rng.choice(contacts)
    coborrower = rng.choice(contacts)[0] if rng.random() < 0.3 else None
    value = rng.randrange(180, 900) * 1000
    applied, funded = f"2026-0{number % 6 + 1}-{rng.randrange(10, 28)} 00:00:00", number % 3 == 0
    address = fake_data.contact(rng)
    maker.make(
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
        **_place(address),
    )


def _account(
    maker: Maker,
    rng: random.Random,
    lists: _Lists,
    book: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = book
    holder, last_name = rng.choice(contacts)
    name = rng.choice(("checking", "savings"))
    kind = lists.of("account_classifications", f"a_class_name = '{name}_account'")[0]
    maker.make(
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
        **_place(fake_data.contact(rng)),
    )


def _household(
    maker: Maker,
    rng: random.Random,
    lists: _Lists,
    book: tuple[int, list[tuple[int, str]]],
    number: int,
) -> None:
    owner, contacts = book
    members = rng.sample(contacts, min(2, len(contacts)))
    entity = maker.make(
        "entities",
        owner=owner,
        one={"entity_type": lists.of("entity_types", "a_system_name = 'household'")[0]},
        entity_name=f"{members[0][1]} household",
        external_id=f"HH-{number + 1:05}",
        phone=fake_data.phone(rng),
        **_place(fake_data.contact(rng)),
    )
    kind = lists.of("entity_relationship_types", "a_system_name = 'members'")[0]
    for member, _ in members:
        maker.make("entity-members", one={"entity": entity, "contact": member, "relationship_type": kind})


def _scenario(maker: Maker, rng: random.Random, book: tuple[int, list[tuple[int, str]]]) -> None:
    owner, contacts = book
    place = fake_data.contact(rng)
    maker.make(
        "scenarios",
        owner=owner,
        name=place.get("address", "Example scenario"),
        display_name="Two ways to pay",
        expiration_date="2030-06-30 12:00:00",
        tags=[{"type": "CONTACT", "value": rng.choice(contacts)[0]}],
        data={
            "loan_scenarios": [
                {"product_name": "30-year fixed", "rate": 6.25, "apr": 6.41, "monthly_payment": 1970},
                {"product_name": "7-year ARM", "rate": 5.75, "apr": 6.02, "monthly_payment": 1867},
            ]
        },
    )


def _unsubscribes(maker: Maker, lists: _Lists) -> None:
    domain, officer = lists.of("email_domains")[0], lists.of("users")[1]
    maker.make(
        "email-unsubscribes",
        many={"domains": set(), "users": set()},
        email="no.more.mail@post.example",
        organization_wide=True,
        organization_unsub_at="2026-03-05T14:20:00.000000Z",
    )
    maker.make(
        "email-unsubscribes",
        many={"domains": {domain}, "users": {officer}},
        email="not.from.you@inbox.example",
        organization_wide=False,
    )


def _activity(maker: Maker, books: list[tuple[int, list[tuple[int, str]]]]) -> None:
    """The creation of the latest contacts; what older ones saw is not kept."""
    latest = sorted((contact, owner) for owner, contacts in books for contact, _ in contacts)[-_MOST:]
    for contact, owner in latest:
        maker.make(
            "activity",
            owner=owner,
            one={"contact": contact},
            type="Contact Created",
            title="Contact Created",
            details=f"contacts/{contact}",
            contact_id=contact,
            owner_id=owner,
        )


def _place(person: dict[str, Any]) -> dict[str, Any]:
    return {name: person[name] for name in ("address", "city", "state", "zip_code") if name in person}
