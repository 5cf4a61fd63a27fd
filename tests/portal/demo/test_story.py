"""The demo's story: when its clocks move on."""

import datetime as dt

import pytest

from integrations.jobs.models import Job, JobState
from portal.core import clock
from portal.demo import story
from tests.world import World

NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


def test_the_clocks_move_to_the_first_job_when_all_wait_until_later() -> None:
    jobs = [(JobState.WAITING, NOW + 2 * HOUR), (JobState.WAITING, NOW + HOUR)]
    assert story.time_to_first(jobs, NOW) == HOUR


@pytest.mark.parametrize(
    "going",
    [
        (JobState.RUNNING, None),
        (JobState.WAITING, None),
        (JobState.WAITING, NOW),
        (JobState.WAITING, NOW - HOUR),
    ],
)
def test_the_clocks_stand_still_while_a_job_may_go_on(going: tuple[JobState, dt.datetime | None]) -> None:
    assert story.time_to_first([(JobState.WAITING, NOW + HOUR), going], NOW) is None


def test_the_clocks_stand_still_when_nothing_is_left() -> None:
    assert story.time_to_first([], NOW) is None


class StageWithoutServers(story.Stage):
    """A stage that only notes by how many hours it is asked to move the clocks."""

    def __init__(self) -> None:
        self.moved: list[float] = []

    def pass_time(self, hours: float) -> None:
        self.moved.append(hours)


def test_a_worker_that_takes_the_last_job_meanwhile_does_no_harm(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker begins the only job after it was read and before the clocks move."""
    connection = world.connected()
    at = clock.now()
    Job.objects.all().delete()
    Job.objects.create(
        kind="directory.sync",
        installation=connection.installation,
        organization=connection.installation.organization,
        connection=connection,
        created_at=at,
        waits_until=at + HOUR,
    )

    def begin_the_job() -> dt.datetime:
        Job.objects.update(state=JobState.RUNNING, waits_until=None)
        return at

    monkeypatch.setattr(story.clock, "now", begin_the_job)
    stage = StageWithoutServers()
    assert not stage._work_is_done()
    assert stage.moved == [pytest.approx(1, abs=0.01)]
    assert not stage._work_is_done()
    assert len(stage.moved) == 1
    Job.objects.update(state=JobState.DONE)
    assert stage._work_is_done()
