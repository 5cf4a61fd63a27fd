"""Sync runs: the passes of several connections shown as one sync."""

import datetime as dt

import pytest

from integrations.connections.models import Connection
from integrations.directory.sync import jobs, runs
from integrations.directory.sync.runs import SyncRun
from integrations.jobs.models import Job, JobState
from portal.core import clock
from tests.world import World

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def job(state: str, **fields: object) -> Job:
    return Job(kind=jobs.KIND, state=state, **fields)


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["done", "running", "failed"], "running"),
        (["done", "waiting", "failed"], "waiting"),
        (["failed", "done", "paused"], "done"),
        (["failed", "canceled"], "failed"),
        (["paused", "canceled"], "paused"),
    ],
)
def test_the_state_is_that_of_active_passes_then_of_successful_ones(states: list[str], state: str) -> None:
    assert SyncRun(tuple(map(job, states))).state == state


def test_a_run_waits_only_if_all_remaining_passes_wait_and_then_for_the_first_to_continue() -> None:
    late = job("waiting", waits_for="A slot at 14:00.", waits_until=NOW + dt.timedelta(hours=2))
    soon = job("waiting", waits_for="A slot at 13:00.", waits_until=NOW + dt.timedelta(hours=1))
    assert SyncRun((late, soon, job("done"))).waits_for == "A slot at 13:00."
    assert SyncRun((late, soon)).waits_until == soon.waits_until
    assert SyncRun((late, soon, job("running"))).waits_for == ""
    assert SyncRun((job("done"),)).waits_until is None


def test_a_run_sums_contacts_and_says_how_many_connections_failed() -> None:
    told = SyncRun((job("done", done=10, total=10), job("failed", done=5, problem="It broke.")))
    assert (told.done, told.total, told.passes, told.ended) == (15, 15, 2, 2)
    assert told.problem == "1 of 2 connections couldn't be synced. It broke."
    assert SyncRun((job("failed", problem="It broke."),)).problem == "It broke."
    assert SyncRun((job("paused"), job("done"))).is_paused


def ended(connection: Connection, *, minutes_ago: float, took: float, state: str = "done") -> Job:
    """Return the job of a pass that ended this long ago."""
    end = clock.now() - dt.timedelta(minutes=minutes_ago)
    started = jobs.start(connection=connection)
    Job.objects.filter(pk=started.pk).update(
        state=state, created_at=end - dt.timedelta(minutes=took), finished_at=end
    )
    return started


def test_the_latest_run_has_the_passes_that_ended_since_its_latest_was_requested(
    world: World, admin: Connection, officer: Connection
) -> None:
    assert runs.of(admin.installation) is None
    ended(admin, minutes_ago=60, took=1)
    beside = ended(admin, minutes_ago=9, took=3)
    last = ended(officer, minutes_ago=5, took=5)
    found = runs.of(admin.installation)
    assert found is not None and set(found.jobs) == {beside, last}
    mine = runs.of(admin.installation, through=[officer])
    assert mine is not None and mine.jobs == (last,)
    assert runs.of(admin.installation, through=[]) is None


def test_an_active_run_includes_passes_that_ended_meanwhile_but_no_old_paused_ones(
    world: World, admin: Connection, officer: Connection
) -> None:
    colleague = world.consented(world.member("officer"), officer=1)
    long_ago = jobs.start(connection=colleague)
    Job.objects.filter(pk=long_ago.pk).update(
        state=JobState.PAUSED, created_at=clock.now() - dt.timedelta(days=3)
    )
    ended(officer, minutes_ago=30, took=1)
    going = jobs.start(connection=admin)
    Job.objects.filter(pk=going.pk).update(created_at=clock.now() - dt.timedelta(minutes=10))
    since = ended(officer, minutes_ago=2, took=1)
    found = runs.of(admin.installation)
    assert found is not None and set(found.jobs) == {going, since}
    assert (found.state, found.ended, found.passes) == (JobState.WAITING, 1, 2)
