"""Coverage: every count says which contacts it counts."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from integrations.connections import lifecycle
from integrations.connections.models import Connection
from integrations.directory.browse import coverage, owners
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
        "owners": 10,
        "owners_missing": 9,
        "owners_connected": ("Maria Lopez",),
        "owners_stopped": (),
        "contacts_stopped": 0,
        "sees_all": False,
        "connections_working": 1,
        "synced_at": NOW,
        "complete": True,
        "verified": True,
    }
    return Coverage(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "412 contacts of Maria Lopez. 9 loan officers haven't connected yet."),
        ({"owners_missing": 1}, "412 contacts of Maria Lopez. 1 loan officer hasn't connected yet."),
        ({"owners_missing": 0},
         "412 contacts of Maria Lopez. Loan officers who haven't connected aren't included."),
        ({"is_limited": True}, "412 contacts of Maria Lopez."),
        ({"contacts": 1, "owners_connected": ("A", "B", "C"), "owners_missing": 0},
         "1 contact of A, B and C. Loan officers who haven't connected aren't included."),
        ({"owners_connected": ("A", "B", "C", "D"), "owners_missing": 6},
         "412 contacts of 4 owners. 6 loan officers haven't connected yet."),
        ({"sees_all": True, "contacts": 12431, "owners": 11}, "12,431 contacts of all 11 owners."),
        ({"sees_all": True, "contacts": 12431, "owners": 11, "verified": False}, "12,431 contacts of 11 owners."),
        ({"sees_all": True, "owners": 11, "verified": False, "is_missing_some": True},
         "412 contacts of 11 owners. Some contacts couldn't be read yet."),
        ({"connections_working": 0}, "412 contacts as of the last sync. No connection is working."),
        ({"synced_at": None}, "412 contacts so far. The first sync hasn't finished."),
        ({"synced_at": None, "contacts": 0}, "Nothing has been synced yet."),
        ({"contacts_stopped": 12, "owners_stopped": ("Ada Byron",), "owners_missing": 8},
         "412 contacts: 400 of Maria Lopez, and 12 of Ada Byron (not connected now, as of the last sync). 8 loan officers "
         "haven't connected yet."),
        ({"complete": False},
         "412 contacts of Maria Lopez. 9 loan officers haven't connected yet. The first sync hasn't finished."),
    ],
)  # fmt: skip
def test_the_sentence_says_which_contacts_are_counted(changes: dict[str, Any], sentence: str) -> None:
    assert made(**changes).sentence() == sentence


def test_an_admin_connection_covers_everything(admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    covered = coverage.of(admin.installation)
    assert covered.sees_all
    assert covered.contacts == Contact.objects.count()
    assert covered.owners == owners.of(admin.installation).count() == Owner.objects.count()
    assert covered.owners_missing == 0


def test_owners_that_an_admin_connection_listed_count_as_not_connected_after_it_is_revoked(
    world: World, admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    lifecycle.revoke(admin, actor=world.operator)
    covered = coverage.of(admin.installation)
    assert not covered.sees_all
    assert covered.owners_missing == Owner.objects.exclude(is_active=False).count() - 1


def test_one_persons_coverage_counts_only_their_contacts(
    world: World, admin: Connection, officer: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    run_sync(officer)
    covered = coverage.of(admin.installation, through=[officer])
    officer.refresh_from_db()
    assert covered.contacts == officer.visibilities.count() < Contact.objects.count()
    assert covered.owners_connected == (officer.sync_state.owner.display_name,)
    assert covered.groups == officer.sync_state.groups


def test_contacts_that_only_a_paused_connection_saw_are_counted_separately(
    world: World, officer: Connection, run_sync: Run
) -> None:
    colleague = world.consented(world.member("officer"), officer=1)
    for connection in (officer, colleague):
        run_sync(connection)
    lifecycle.pause(colleague, actor=world.operator)
    covered = coverage.of(officer.installation)
    colleague.refresh_from_db()
    assert covered.owners_stopped == (colleague.sync_state.owner.display_name,)
    only_theirs = colleague.visibilities.exclude(contact__in=officer.visibilities.values("contact"))
    assert covered.contacts_stopped == only_theirs.count() > 0
    assert (
        f"{covered.contacts_stopped} of {colleague.sync_state.owner.display_name} (not connected now"
        in covered.sentence()
    )


def test_coverage_says_if_nothing_has_been_synced(admin: Connection) -> None:
    assert coverage.of(admin.installation).sentence() == "Nothing has been synced yet."


def test_the_connection_synced_longest_ago_says_how_recent_everything_is(
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
