"""Storing pages of records: what is new, what is old, and what can't be stored."""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership, Owner, SyncState, Visibility
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
def context(admin: Connection) -> store.PassContext:
    return store.PassContext(
        SyncState.objects.create(connection=admin), admin, 1, clock.now(), archived=False
    )


@pytest.fixture
def user_context(officer: Connection, context: store.PassContext) -> store.PassContext:
    owner = Owner.objects.create(installation=officer.installation, remote_id=14, synced_at=clock.now())
    return store.PassContext(
        SyncState.objects.create(connection=officer, owner=owner), officer, 1, clock.now(), archived=False
    )


def test_the_number_of_statements_does_not_depend_on_the_length_of_a_page(
    context: store.PassContext, django_assert_max_num_queries: Any
) -> None:
    groups = [{"id": 5, "group_name": "Leads"}]
    with django_assert_max_num_queries(25):
        store.contacts([record(id, contact_groups=groups) for id in range(1, 101)], context)
    assert Membership.objects.count() == 100


def test_an_owner_that_is_not_listed_is_learned_from_a_contact(context: store.PassContext) -> None:
    store.contacts([record(1)], context)
    owner = Owner.objects.get()
    assert (owner.remote_id, owner.display_name, owner.is_learned, owner.is_active) == (
        14,
        "Maria",
        True,
        None,
    )


def test_a_listed_owner_is_no_longer_learned(context: store.PassContext) -> None:
    store.contacts([record(1)], context)
    user = total_expert.User.from_json(
        {"id": 14, "status": "0", "info": {"first_name": "Maria", "last_name": "Lopez"}}
    )
    assert user is not None
    store.owners([user], installation=context.installation, now=clock.now())
    owner = Owner.objects.get()
    assert (owner.display_name, owner.is_learned, owner.is_active) == ("Maria Lopez", False, False)


def test_a_record_read_earlier_does_not_replace_a_newer_one(context: store.PassContext) -> None:
    store.contacts([record(1, first_name="New", internal_updated_at="2026-02-02 00:00:00")], context)
    store.contacts([record(1, first_name="Old")], context)
    assert Contact.objects.get().first_name == "New"


def test_a_users_view_replaces_an_admins_only_when_it_is_newer(
    context: store.PassContext, user_context: store.PassContext
) -> None:
    store.contacts([record(1, first_name="As admin")], context)
    store.contacts([record(1, first_name="As user")], user_context)
    assert Contact.objects.get().first_name == "As admin"
    store.contacts([record(1, first_name="As user", internal_updated_at="2026-02-03 00:00:00")], user_context)
    assert Contact.objects.get().first_name == "As user"
    assert Visibility.objects.count() == 2


def test_a_contact_without_an_owner_belongs_to_the_owner_of_the_connection(
    user_context: store.PassContext,
) -> None:
    store.contacts([record(1, owner=None)], user_context)
    assert Contact.objects.get().owner == user_context.sync_state.owner


def test_a_record_without_a_list_of_groups_changes_no_memberships(context: store.PassContext) -> None:
    store.contacts([record(1, contact_groups=[{"id": 5, "group_name": "Leads"}])], context)
    without = record(1, internal_updated_at="2026-02-03 00:00:00", contact_groups=None)
    store.contacts([without], context)
    assert Membership.objects.count() == 1
    store.contacts([record(1, internal_updated_at="2026-02-04 00:00:00")], context)
    assert Membership.objects.count() == 0


def test_a_group_that_a_user_sees_keeps_the_owner_that_an_admin_saw(
    context: store.PassContext, user_context: store.PassContext
) -> None:
    other = Owner.objects.create(installation=context.installation, remote_id=15, synced_at=clock.now())
    shown = total_expert.ContactGroup.from_json({"id": 5, "group_name": "Leads", "owner": {"id": 15}})
    hidden = total_expert.ContactGroup.from_json({"id": 5, "group_name": "Leads"})
    assert shown is not None and hidden is not None
    store.groups([shown], context)
    ownerless = store.PassContext(
        SyncState(connection=user_context.connection), user_context.connection, 2, clock.now()
    )
    store.groups([hidden], ownerless)
    assert ContactGroup.objects.get().owner == other


def test_the_same_contact_twice_on_a_page_is_stored_once(context: store.PassContext) -> None:
    assert store.contacts([record(1), record(1, first_name="Later")], context).failed == []
    assert Contact.objects.get().first_name == "Later"


def test_one_bad_record_does_not_stop_the_others(
    context: store.PassContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact_row = rows.contact_row

    def refuse_the_second(record: total_expert.Contact, **options: Any) -> Contact:
        if record.id == 2:
            raise DataError("a value that no column takes")
        return contact_row(record, **options)

    monkeypatch.setattr(rows, "contact_row", refuse_the_second)
    outcome = store.contacts([record(id) for id in (1, 2, 3)], context)
    assert (outcome.stored, outcome.failed) == (2, [2])
    assert set(Contact.objects.values_list("remote_id", flat=True)) == {1, 3}


def test_unusual_texts_are_stored(context: store.PassContext) -> None:
    store.contacts([record(1, first_name="\0A\ud83d", last_name="😀" * 300, source="x" * 999)], context)
    contact = Contact.objects.select_related("document").get()
    assert contact.first_name == "A"
    assert contact.document.raw["source"] == "x" * 999


def test_an_unarchived_contact_is_no_longer_archived(context: store.PassContext) -> None:
    archived = store.PassContext(context.sync_state, context.connection, 1, clock.now(), archived=True)
    store.contacts([record(1)], archived)
    store.contacts([record(1)], context)
    assert Contact.objects.get().archived is True, "this pass found it among the archived contacts"
    store.contacts(
        [record(1)], store.PassContext(context.sync_state, context.connection, 2, clock.now(), archived=False)
    )
    assert Contact.objects.get().archived is False


def test_first_seen_stays_when_a_contact_changes(context: store.PassContext) -> None:
    store.contacts([record(1)], context)
    first = Contact.objects.get().first_seen_at
    later = store.PassContext(
        context.sync_state, context.connection, 2, clock.now() + dt.timedelta(days=1), archived=False
    )
    store.contacts([record(1, first_name="Anna", internal_updated_at="2026-02-05 00:00:00")], later)
    contact = Contact.objects.get()
    assert contact.first_seen_at == first
    assert contact.synced_at > first


def test_a_record_too_large_for_an_index_does_not_stop_the_others(
    context: store.PassContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SEARCH_BYTES", 10_000)
    monkeypatch.setattr(rows, "SORT_BYTES", 10_000)
    chance = random.Random(1)  # repeated text would be compressed
    long = {
        name: "".join(chr(chance.randrange(0x20000, 0x2A000)) for _ in range(255))
        for name in ("first_name", "last_name", "email", "state", "source")
    }
    outcome = store.contacts([record(1), record(2, **long), record(3)], context)
    if connection.vendor == "postgresql":
        assert (outcome.stored, outcome.failed) == (2, [2])
    else:
        assert (outcome.stored, outcome.failed) == (3, [])
    assert {1, 3} <= set(Contact.objects.values_list("remote_id", flat=True))


def test_database_errors_that_are_not_about_a_record_are_raised(
    context: store.PassContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("the connection is lost")

    monkeypatch.setattr(store, "_visibilities", down)
    with pytest.raises(OperationalError):
        store.contacts([record(1)], context)


@pytest.mark.parametrize("letter", ["\U00020000", "\u6f22", "\u00e9"])
def test_the_longest_possible_names_are_stored(context: store.PassContext, letter: str) -> None:
    chance = random.Random(1)
    long = {
        name: "".join(chr(ord(letter) + chance.randrange(64)) for _ in range(255))
        for name in ("first_name", "last_name", "nickname", "email", "email_work", "city", "state", "source")
    }
    outcome = store.contacts([record(1, **long)], context)
    assert (outcome.stored, outcome.failed) == (1, [])
