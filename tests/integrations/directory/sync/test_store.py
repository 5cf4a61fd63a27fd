"""Storing pages of records: what is new, what is old, and what can't be stored."""

import datetime as dt
import random
from dataclasses import replace
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
        SyncState.objects.create(connection=admin), admin, 1, clock.now(), clock.now(), archived=False
    )


@pytest.fixture
def user_context(officer: Connection, context: store.PassContext) -> store.PassContext:
    owner = Owner.objects.create(installation=officer.installation, remote_id=14, synced_at=clock.now())
    return store.PassContext(
        SyncState.objects.create(connection=officer, owner=owner),
        officer,
        1,
        clock.now(),
        clock.now(),
        archived=False,
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


def test_a_record_that_was_requested_earlier_does_not_replace_a_newer_one(context: store.PassContext) -> None:
    store.contacts([record(1, first_name="New", internal_updated_at="2026-02-02 00:00:00")], context)
    earlier = replace(context, read_at=context.now - dt.timedelta(minutes=1))
    store.contacts([record(1, first_name="Old")], earlier)
    assert Contact.objects.get().first_name == "New"


@pytest.mark.parametrize(
    "time",
    [
        "2025-02-01 10:00:00",
        "1970-01-01 00:00:01",
        "0000-00-00 00:00:00",
        "",
        None,
        "9999-12-31 00:00:00",
        "soon",
        5,
    ],
)
def test_content_replaces_older_content_whatever_the_time_of_its_last_change(
    context: store.PassContext, time: Any
) -> None:
    store.contacts([record(1, ok_to_call=1)], context)
    store.contacts([record(1, ok_to_call=0, internal_updated_at=time)], context)
    assert Contact.objects.get().ok_to_call is False


@pytest.mark.parametrize("flag", ["ok_to_call", "ok_to_email", "ok_to_mail"])
def test_an_officers_view_can_withdraw_a_consent_that_an_admin_saw(
    context: store.PassContext, user_context: store.PassContext, flag: str
) -> None:
    store.contacts([record(1, **{flag: 1})], context)
    store.contacts([record(1, **{flag: 0}, internal_updated_at="2025-02-01 10:00:00")], user_context)
    assert getattr(Contact.objects.get(), flag) is False


@pytest.mark.parametrize(
    "groups",
    [[5], [None], ["Leads"], [{"group_name": "Leads"}], [{"id": 5}, {"id": "x"}], [[{"id": 5}]], "5", 5, True, {"id": 5},
     {"0": 5}],
)  # fmt: skip
def test_groups_in_an_unknown_format_change_no_memberships(context: store.PassContext, groups: Any) -> None:
    store.contacts([record(1, contact_groups=[{"id": 5, "group_name": "Leads"}])], context)
    outcome = store.contacts([record(1, contact_groups=groups, city="Reno")], context)
    assert outcome.unknown_groups == [1]
    assert Membership.objects.get().group.remote_id == 5
    assert Contact.objects.get().city == "Reno", "the rest of the record is stored"


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([], set()),
        ({}, set()),
        ({"0": {"id": 6}}, {6}),
        ({"3": {"id": 6}, "9": {"id": "7"}}, {6, 7}),
        ([{"id": 5}], {5}),
    ],
)
def test_groups_as_php_writes_them_are_known(
    context: store.PassContext, groups: Any, expected: set[int]
) -> None:
    store.contacts([record(1, contact_groups=[{"id": 5, "group_name": "Leads"}])], context)
    outcome = store.contacts([record(1, contact_groups=groups)], context)
    assert outcome.unknown_groups == []
    assert set(Membership.objects.values_list("group__remote_id", flat=True)) == expected


def test_a_users_view_replaces_an_admins_only_if_it_is_newer_or_shows_something_else(
    context: store.PassContext, user_context: store.PassContext
) -> None:
    store.contacts([record(1, credit_score="700")], context)
    store.contacts([record(1)], user_context)
    assert Contact.objects.get().as_admin
    store.contacts([record(1, first_name="As user")], user_context)
    assert (Contact.objects.get().first_name, Contact.objects.get().as_admin) == ("As user", False)
    store.contacts([record(1, credit_score="700")], context)
    store.contacts([record(1, internal_updated_at="2026-02-03 00:00:00")], user_context)
    assert not Contact.objects.get().as_admin
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
    ownerless = replace(user_context, sync_state=SyncState(connection=user_context.connection), number=2)
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
    archived = replace(context, archived=True)
    store.contacts([record(1)], archived)
    store.contacts([record(1)], context)
    assert Contact.objects.get().archived is True, "this pass found it among the archived contacts"
    store.contacts([record(1)], replace(context, number=2, archived=False))
    assert Contact.objects.get().archived is False


def test_first_seen_stays_when_a_contact_changes(context: store.PassContext) -> None:
    store.contacts([record(1)], context)
    first = Contact.objects.get().first_seen_at
    tomorrow = clock.now() + dt.timedelta(days=1)
    later = replace(context, number=2, now=tomorrow, read_at=tomorrow)
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
