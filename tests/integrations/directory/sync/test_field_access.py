"""Fields that only an admin connection shows stay hidden from loan officers: on pages, in searches and in filters."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import Contact, Document, Owner, SyncState
from integrations.directory.sync import store
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.directory.visits import address, page
from tests.world import World

#: Each field that only the admin sees: how it comes, what must not be on a page, and the query that would find it.
HIDDEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "credit_score": ({"credit_score": 7391}, "7391", ""),
    "custom field": ({"custom": [{"field_name": "Rank", "value": "Zirconium"}]}, "Zirconium", ""),
    "nested": ({"preferences": {"nickname": "Zirconium"}}, "Zirconium", ""),
    "unknown": ({"new_property": {"deep": ["Zirconium"]}}, "Zirconium", ""),
    "list": ({"external_ids": ["Zirconium"]}, "Zirconium", ""),
    "birthday": ({"birthday": "1970-03-17"}, "March 17", ""),
    "street": ({"address": "9 Zirconium Way"}, "Zirconium", ""),
    "email": ({"email": "zirconium@home.example"}, "zirconium@", "q=zirconium"),
    "work email": ({"email_work": "zirconium@work.example"}, "zirconium@", "q=zirconium"),
    "phone": ({"phone_home": "(612) 555-0142"}, "555-0142", "q=6125550142"),
    "nickname": ({"nickname": "Zirconium"}, "Zirconium", "q=zirconium"),
    "state": ({"state": "Zirconium"}, "Zirconium", "state=Zirconium"),
    "city": ({"city": "Zirconium"}, "Zirconium", ""),
    "source": ({"source": "Zirconium"}, "Zirconium", "source=Zirconium"),
    "flag": ({"ok_to_call": 1}, "", "ok_to_call=yes"),
    "external id": ({"external_id": "Zirconium"}, "Zirconium", ""),
}
EVERYBODY_SEES = {
    "first_name": "Ann",
    "last_name": "Quill",
    "city": "Duluth",
    "internal_updated_at": "2026-02-01 10:00:00",
    "contact_groups": [],
}


def contact(**properties: Any) -> total_expert.Contact:
    made = total_expert.Contact.from_json({"id": 1, **EVERYBODY_SEES, **properties})
    assert made is not None
    return made


@pytest.fixture
def contexts(world: World, admin: Connection, officer: Connection) -> dict[str, store.PassContext]:
    at = clock.now()
    owner = Owner.objects.create(installation=admin.installation, remote_id=14, synced_at=at)
    states = {
        "admin": SyncState.objects.create(connection=admin, full_finished_at=at, finished_at=at),
        "officer": SyncState.objects.create(connection=officer, owner=owner),
    }
    return {
        who: store.PassContext(state, state.connection, 1, at, at, archived=False)
        for who, state in states.items()
    }


@pytest.mark.parametrize("order", ["admin officer", "officer admin", "admin officer admin officer"])
def test_a_field_that_only_the_admin_sees_is_nowhere_for_the_officer(
    contexts: dict[str, store.PassContext], browser: Callable[[User], Client], world: World, order: str
) -> None:
    """One contact for each of `HIDDEN`, all synced together."""
    values = [value for value, _, _ in HIDDEN.values()]
    records = {
        "admin": [contact(id=number, **value) for number, value in enumerate(values, start=1)],
        "officer": [
            contact(id=number, **({"city": None} if "city" in value else {}))
            for number, value in enumerate(values, start=1)
        ],
    }
    for who in order.split():
        store.contacts(records[who], contexts[who])
    user = contexts["officer"].connection.user
    assert user is not None
    client, managers = browser(user), browser(world.operator)
    contacts = address(contexts["officer"].connection)
    everyone = page(client, f"{contacts}?q=quill")
    for number, (field, (_, text, query)) in enumerate(HIDDEN.items(), start=1):
        row = Contact.objects.get(remote_id=number)
        assert row.as_admin, field
        theirs = address(contexts["officer"].connection, f"contacts/{row.pk}/")
        details, fields = page(client, theirs), page(client, f"{theirs}fields/")
        assert "Ann" in details and f'href="{theirs}"' in everyone, field
        if text:
            assert not any(text in each for each in (details, fields, everyone)), field
            assert text in page(managers, f"{theirs}fields/"), field
        if query:
            assert f'href="{theirs}"' not in page(client, f"{contacts}?{query}"), field


def test_what_a_later_record_of_the_officer_shows_is_shown(
    contexts: dict[str, store.PassContext], browser: Callable[[User], Client]
) -> None:
    whole = contact(credit_score=7391, email="ann@home.example")
    store.contacts([whole], contexts["admin"])
    store.contacts([contact()], contexts["officer"])
    assert Contact.objects.get().email == ""
    store.contacts([whole], contexts["officer"])
    row = Contact.objects.get()
    assert row.email == "ann@home.example"
    user = contexts["officer"].connection.user
    assert user is not None
    fields = address(contexts["officer"].connection, f"contacts/{row.pk}/fields/")
    assert "7391" in page(browser(user), fields)


def test_without_a_persons_connection_the_admins_record_fills_every_column(
    contexts: dict[str, store.PassContext],
) -> None:
    store.contacts([contact(email="ann@home.example", state="MN")], contexts["admin"])
    row = Contact.objects.get()
    assert (row.email, row.state, row.document.shown) == ("ann@home.example", "MN", None)


def test_a_record_whose_shown_fields_are_not_known_yet_shows_an_officer_no_field(
    contexts: dict[str, store.PassContext], browser: Callable[[User], Client]
) -> None:
    store.contacts([contact(credit_score=7391)], contexts["admin"])
    store.contacts([contact()], contexts["officer"])
    Document.objects.update(shown=None)
    user = contexts["officer"].connection.user
    assert user is not None
    fields = address(contexts["officer"].connection, f"contacts/{Contact.objects.get().pk}/fields/")
    assert "7391" not in page(browser(user), fields)


def test_a_newer_record_of_the_admin_updates_what_everybody_sees(
    contexts: dict[str, store.PassContext],
) -> None:
    store.contacts([contact(credit_score=7391)], contexts["admin"])
    store.contacts([contact()], contexts["officer"])
    newer = contact(credit_score=7392, city="Saint Paul", internal_updated_at="2026-02-02 10:00:00")
    later = replace(contexts["admin"], now=clock.now(), read_at=clock.now())
    store.contacts([newer], later)
    row = Contact.objects.select_related("document").get()
    assert (row.city, row.document.raw["credit_score"]) == ("Saint Paul", 7392)
    assert "credit_score" not in row.document.shown


def test_the_number_of_statements_does_not_depend_on_the_length_of_a_page(
    contexts: dict[str, store.PassContext], django_assert_max_num_queries: Any
) -> None:
    def records(**properties: Any) -> list[total_expert.Contact]:
        made = [
            total_expert.Contact.from_json({"id": id, **EVERYBODY_SEES, **properties}) for id in range(1, 51)
        ]
        return [each for each in made if each is not None]

    store.contacts(records(email="a@b.example"), contexts["admin"])
    with django_assert_max_num_queries(30):
        store.contacts(records(), contexts["officer"])
    with django_assert_max_num_queries(30):
        store.contacts(records(email="b@b.example"), contexts["admin"])
