"""Coverage: every count says whose contacts it counts."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connections import lifecycle
from integrations.connections.models import Connection
from integrations.directory.browse import coverage
from integrations.directory.browse.coverage import Coverage
from integrations.directory.models import Contact, Owner
from integrations.jobs.models import Job
from tests.world import World

Run = Callable[..., Job]
NOW = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)


def made(**changes: Any) -> Coverage:
    fields: dict[str, Any] = {
        "contacts": 412,
        "groups": 8,
        "owners": 1,
        "owners_known": 10,
        "owners_connected": ("Maria Lopez",),
        "owners_resting": (),
        "resting": 0,
        "sees_all": False,
        "connections_working": 1,
        "synced_at": NOW,
        "complete": True,
    }
    return Coverage(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "412 contacts of Maria Lopez; 9 other owners not connected."),
        ({"owners_known": 2}, "412 contacts of Maria Lopez; 1 other owner not connected."),
        ({"owners_known": 1}, "412 contacts of Maria Lopez; owners who did not consent stay unseen."),
        ({"contacts": 1, "owners_connected": ("A", "B", "C"), "owners_known": 3},
         "1 contact of A, B and C; owners who did not consent stay unseen."),
        ({"owners_connected": ("A", "B", "C", "D")}, "412 contacts of 4 owners; 6 other owners not connected."),
        ({"sees_all": True, "contacts": 12431, "owners": 11},
         "12,431 contacts of 11 owners, all there are in Total Expert."),
        ({"connections_working": 0}, "412 contacts as last synced; no connection works now."),
        ({"synced_at": None}, "412 contacts so far; the first sync has not ended."),
        ({"synced_at": None, "contacts": 0}, "Nothing was synced yet."),
        ({"resting": 12, "owners_resting": ("Ada Byron",)},
         "412 contacts: 400 of Maria Lopez, and 12 of Ada Byron as last synced, not connected now; 8 other owners not "
         "connected."),
        ({"complete": False}, "412 contacts of Maria Lopez; 9 other owners not connected; a first sync has not ended."),
    ],
)  # fmt: skip
def test_the_sentence_says_whose_contacts_are_counted(changes: dict[str, Any], sentence: str) -> None:
    assert made(**changes).sentence() == sentence


def test_an_admin_covers_everything(admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    covered = coverage.of(admin.installation)
    assert covered.sees_all
    assert covered.contacts == Contact.objects.count()
    assert covered.owners == Owner.objects.filter(contacts__isnull=False).distinct().count()
    assert covered.owners_missing == 0


def test_owners_that_an_admin_once_listed_are_counted_as_not_connected_afterwards(
    world: World, admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    lifecycle.revoke(admin, actor=world.operator)
    covered = coverage.of(admin.installation)
    assert not covered.sees_all
    assert covered.owners_missing == Owner.objects.exclude(is_active=False).count() - 1


def test_through_one_persons_eyes_only_their_book_is_counted(
    world: World, admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    covered = coverage.of(admin.installation, through=[officer])
    officer.refresh_from_db()
    assert covered.contacts == officer.visibilities.count() < Contact.objects.count()
    assert covered.owners_connected == (officer.sync_state.owner.display_name,)
    assert covered.groups == officer.sync_state.groups


def test_contacts_that_only_a_paused_connection_has_seen_are_told_apart(
    world: World, officer: Connection, run_sync: Run
) -> None:
    colleague = world.consented(world.member("officer"), officer=1)
    for connection in (officer, colleague):
        run_sync(connection)
    lifecycle.pause(colleague, actor=world.operator)
    covered = coverage.of(officer.installation)
    colleague.refresh_from_db()
    assert covered.owners_resting == (colleague.sync_state.owner.display_name,)
    only_theirs = colleague.visibilities.exclude(contact__in=officer.visibilities.values("contact"))
    assert covered.resting == only_theirs.count() > 0
    assert (
        f"{covered.resting} of {colleague.sync_state.owner.display_name} as last synced" in covered.sentence()
    )


def test_before_anything_was_synced_the_coverage_says_so(admin: Connection) -> None:
    assert coverage.of(admin.installation).sentence() == "Nothing was synced yet."


def test_of_several_books_the_one_that_was_read_longest_ago_says_how_fresh_all_are(
    world: World, officer: Connection, run_sync: Run
) -> None:
    colleague = world.consented(world.member("officer"), officer=1)
    run_sync(officer)
    world.sandbox.pass_time(7 * 24 * 3600)
    run_sync(colleague)
    officer.refresh_from_db()
    assert coverage.of(officer.installation).synced_at == officer.sync_state.finished_at
    lifecycle.pause(officer, actor=world.operator)
    colleague.refresh_from_db()
    assert coverage.of(officer.installation).synced_at == colleague.sync_state.finished_at
