"""The sync schedule: which connections are synced, and in which order."""

import datetime as dt
from collections.abc import Callable

import pytest

from integrations.connections import lifecycle
from integrations.connections.models import Connection, Token
from integrations.directory.models import SyncState
from integrations.directory.sync import jobs, schedule
from integrations.jobs.models import Job
from portal.core import clock
from tests.world import BLUEWATER, World

Run = Callable[..., Job]


def age(connection: Connection, **how: float) -> None:
    SyncState.objects.filter(connection=connection).update(finished_at=clock.now() - dt.timedelta(**how))


def test_a_connection_is_due_after_its_interval_and_not_before(admin: Connection, run_sync: Run) -> None:
    Token.objects.update(access_expires_at=None)
    assert schedule.due() == [admin]
    run_sync(admin)
    Token.objects.update(access_expires_at=None)
    for hours, is_due in ((0, False), (5, False), (7, True)):
        age(admin, hours=hours)
        assert schedule.due() == [admin] * is_due


def test_a_valid_token_is_used_after_half_the_interval(admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    for hours, is_due in ((2, False), (4, True)):
        age(admin, hours=hours)
        assert schedule.due() == [admin] * is_due
    Token.objects.update(access_expires_at=clock.now() + schedule.USABLE - dt.timedelta(seconds=5))
    assert schedule.due() == []


def test_the_connection_synced_longest_ago_comes_first_and_active_syncs_are_not_started_again(
    world: World, admin: Connection, run_sync: Run
) -> None:
    other = world.connected(BLUEWATER)
    run_sync(admin)
    run_sync(other)
    age(admin, hours=7)
    age(other, hours=30)
    officer = world.consented(world.member("officer"))
    assert schedule.due() == [officer, other, admin], "never synced, then by age"
    schedule.start_due_syncs()
    assert schedule.due() == []
    assert Job.objects.filter(kind=jobs.KIND, state="waiting").count() == 3


def test_paused_and_unverified_connections_are_not_synced(world: World, admin: Connection) -> None:
    lifecycle.pause(admin, actor=world.operator)
    assert schedule.due() == []
    lifecycle.resume(admin, actor=world.operator)
    Connection.objects.update(admitted_at=None)
    assert schedule.due() == []


def test_only_connections_with_old_data_are_due(world: World, admin: Connection, run_sync: Run) -> None:
    run_sync(admin)
    assert schedule.due() == []
    officer = world.consented(world.member("officer"))
    assert schedule.due() == [officer]


def test_a_failed_sync_is_not_retried_at_once_and_does_not_hold_up_others(
    world: World, admin: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schedule, "AT_ONCE", 1)
    other = world.connected(BLUEWATER)
    schedule.start_due_syncs()
    first = Job.objects.get(kind=jobs.KIND)
    Job.objects.filter(pk=first.pk).update(state="failed", finished_at=clock.now())
    (left,) = {admin, other} - {first.connection}
    assert schedule.due() == [left]
    schedule.start_due_syncs()
    assert schedule.due() == []
    Job.objects.update(state="failed", finished_at=clock.now() - dt.timedelta(hours=2))
    assert len(schedule.due()) == 1, "after a while they are retried"
