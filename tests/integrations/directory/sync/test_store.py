"""Storing pages of records: what is new, what is old, and what can't be stored."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import Book, Contact, ContactGroup, Membership, Owner, Sighting
from integrations.directory.sync import rows, store
from portal.core import clock

OWNER = {"id": 14, "username": "maria", "email": "maria@cedar.example", "external_id": ""}


def record(id: int, **properties: Any) -> total_expert.Contact:
    base = {
        "first_name": "Ann",
        "owner": OWNER,
        "internal_updated_at": "2026-02-01 10:00:00",
        "contact_groups": [],
    }
    read = total_expert.Contact.from_json({"id": id, **base, **properties})
    assert read is not None
    return read


@pytest.fixture
def sight(admin: Connection) -> store.Sight:
    return store.Sight(Book.objects.create(connection=admin), admin, 1, clock.now(), archived=False)


@pytest.fixture
def user_sight(officer: Connection, sight: store.Sight) -> store.Sight:
    owner = Owner.objects.create(installation=officer.installation, remote_id=14, synced_at=clock.now())
    return store.Sight(
        Book.objects.create(connection=officer, owner=owner), officer, 1, clock.now(), archived=False
    )


def test_a_page_costs_the_same_statements_however_long(
    sight: store.Sight, django_assert_max_num_queries: Any
) -> None:
    groups = [{"id": 5, "group_name": "Leads"}]
    with django_assert_max_num_queries(25):
        store.contacts([record(id, contact_groups=groups) for id in range(1, 101)], sight)
    assert Membership.objects.count() == 100


def test_an_owner_that_nobody_listed_is_learnt(sight: store.Sight) -> None:
    store.contacts([record(1)], sight)
    owner = Owner.objects.get()
    assert (owner.remote_id, owner.display_name, owner.is_learnt, owner.is_active) == (
        14,
        "maria",
        True,
        None,
    )


def test_a_listed_owner_is_no_longer_only_learnt(sight: store.Sight) -> None:
    store.contacts([record(1)], sight)
    user = total_expert.User.from_json(
        {"id": 14, "status": "0", "info": {"first_name": "Maria", "last_name": "Lopez"}}
    )
    assert user is not None
    store.owners([user], installation=sight.installation, now=clock.now())
    owner = Owner.objects.get()
    assert (owner.display_name, owner.is_learnt, owner.is_active) == ("Maria Lopez", False, False)


def test_a_record_read_earlier_does_not_replace_a_newer_one(sight: store.Sight) -> None:
    store.contacts([record(1, first_name="New", internal_updated_at="2026-02-02 00:00:00")], sight)
    store.contacts([record(1, first_name="Old")], sight)
    assert Contact.objects.get().first_name == "New"


def test_a_users_view_replaces_an_admins_only_when_it_is_newer(
    sight: store.Sight, user_sight: store.Sight
) -> None:
    store.contacts([record(1, first_name="As admin")], sight)
    store.contacts([record(1, first_name="As user")], user_sight)
    assert Contact.objects.get().first_name == "As admin"
    store.contacts([record(1, first_name="As user", internal_updated_at="2026-02-03 00:00:00")], user_sight)
    assert Contact.objects.get().first_name == "As user"
    assert Sighting.objects.count() == 2


def test_without_an_owner_a_contact_belongs_to_the_book(user_sight: store.Sight) -> None:
    store.contacts([record(1, owner=None)], user_sight)
    assert Contact.objects.get().owner == user_sight.book.owner


def test_a_record_that_shows_no_groups_at_all_leaves_them_alone(sight: store.Sight) -> None:
    store.contacts([record(1, contact_groups=[{"id": 5, "group_name": "Leads"}])], sight)
    without = record(1, internal_updated_at="2026-02-03 00:00:00", contact_groups=None)
    store.contacts([without], sight)
    assert Membership.objects.count() == 1
    store.contacts([record(1, internal_updated_at="2026-02-04 00:00:00")], sight)
    assert Membership.objects.count() == 0


def test_a_group_seen_by_a_user_keeps_the_owner_that_an_admin_told(
    sight: store.Sight, user_sight: store.Sight
) -> None:
    other = Owner.objects.create(installation=sight.installation, remote_id=15, synced_at=clock.now())
    shown = total_expert.ContactGroup.from_json({"id": 5, "group_name": "Leads", "owner": {"id": 15}})
    hidden = total_expert.ContactGroup.from_json({"id": 5, "group_name": "Leads"})
    assert shown is not None and hidden is not None
    store.groups([shown], sight)
    ownerless = store.Sight(Book(connection=user_sight.connection), user_sight.connection, 2, clock.now())
    store.groups([hidden], ownerless)
    assert ContactGroup.objects.get().owner == other


def test_the_same_contact_twice_on_a_page_is_stored_once(sight: store.Sight) -> None:
    assert store.contacts([record(1), record(1, first_name="Later")], sight).failed == []
    assert Contact.objects.get().first_name == "Later"


def test_one_bad_record_does_not_stop_the_others(sight: store.Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    contact_row = rows.contact_row

    def refuse_the_second(record: total_expert.Contact, **options: Any) -> Contact:
        if record.id == 2:
            raise DataError("a value that no column takes")
        return contact_row(record, **options)

    monkeypatch.setattr(rows, "contact_row", refuse_the_second)
    outcome = store.contacts([record(id) for id in (1, 2, 3)], sight)
    assert (outcome.stored, outcome.failed) == (2, [2])
    assert set(Contact.objects.values_list("remote_id", flat=True)) == {1, 3}


def test_strange_texts_are_stored(sight: store.Sight) -> None:
    store.contacts([record(1, first_name="\0A\ud83d", last_name="😀" * 300, source="x" * 999)], sight)
    contact = Contact.objects.select_related("document").get()
    assert contact.first_name == "A?"
    assert contact.document.raw["source"] == "x" * 999


def test_unarchiving_is_noticed(sight: store.Sight) -> None:
    archived = store.Sight(sight.book, sight.connection, 1, clock.now(), archived=True)
    store.contacts([record(1)], archived)
    store.contacts([record(1)], sight)
    assert Contact.objects.get().archived is True, "found among the archived ones in this very pass"
    store.contacts([record(1)], store.Sight(sight.book, sight.connection, 2, clock.now(), archived=False))
    assert Contact.objects.get().archived is False


def test_first_seen_stays_when_a_contact_changes(sight: store.Sight) -> None:
    store.contacts([record(1)], sight)
    first = Contact.objects.get().first_seen_at
    later = store.Sight(sight.book, sight.connection, 2, clock.now() + dt.timedelta(days=1), archived=False)
    store.contacts([record(1, first_name="Anna", internal_updated_at="2026-02-05 00:00:00")], later)
    contact = Contact.objects.get()
    assert contact.first_seen_at == first
    assert contact.synced_at > first


def test_a_record_too_large_for_an_index_does_not_stop_the_others(
    sight: store.Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SEARCH_BYTES", 10_000)
    monkeypatch.setattr(rows, "SORT_BYTES", 10_000)
    chance = random.Random(1)  # what repeats would be compressed
    long = {
        name: "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(255))
        for name in ("first_name", "last_name", "email", "state", "source")
    }
    outcome = store.contacts([record(1), record(2, **long), record(3)], sight)
    if connection.vendor == "postgresql":
        assert (outcome.stored, outcome.failed) == (2, [2])
    else:
        assert (outcome.stored, outcome.failed) == (3, [])
    assert {1, 3} <= set(Contact.objects.values_list("remote_id", flat=True))


def test_a_trouble_of_the_database_itself_is_not_blamed_on_records(
    sight: store.Sight, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(store, "_sightings", down)
    with pytest.raises(OperationalError):
        store.contacts([record(1)], sight)


@pytest.mark.parametrize("letter", ["\U00020000", "\u6f22", "\u00e9"])
def test_the_longest_names_there_can_be_are_stored(sight: store.Sight, letter: str) -> None:
    chance = random.Random(1)
    long = {
        name: "".join(chr(ord(letter) + chance.randrange(64)) for _ in range(255))
        for name in ("first_name", "last_name", "nickname", "email", "email_work", "city", "state", "source")
    }
    outcome = store.contacts([record(1, **long)], sight)
    assert (outcome.stored, outcome.failed) == (1, [])
