"""Slices and what their outcomes do to a job."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.connections.models import Installation
from integrations.jobs import leases, queue, run, worker
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.jobs.jobs import counting, items_of
from tests.integrations.jobs.kinds_for_tests.kinds import step

pytestmark = pytest.mark.django_db


def test_a_job_of_several_slices_goes_on_where_it_stands(installation: Installation) -> None:
    job = counting(installation, pause_after=1)
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.WAITING, 2)
    assert queue.run_now(job).state == JobState.DONE
    assert len(items_of(job)) == 3


def test_a_job_somebody_works_on_is_not_begun_again(installation: Installation) -> None:
    job = counting(installation)
    assert worker.claim(job.pk) is not None
    assert worker.claim(job.pk) is None
    assert not worker.advance(job.pk)


def test_waiting_tells_what_for_and_uses_up_no_attempt(installation: Installation) -> None:
    job = queue.run_now(queue.start("tests.later", installation=installation))
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert job.waits_for == "No token slot is free before 14:32 UTC."
    assert 110 < wait_of(job) <= 120
    assert not worker.advance(job.pk)
    clock.advance(121)
    assert worker.advance(job.pk)


def wait_of(job: Job) -> float:
    job.refresh_from_db()
    assert job.waits_until is not None
    return (job.waits_until - clock.now()).total_seconds()


def test_waiting_for_nobody_knows_how_long_gets_longer_until_there_is_progress(
    installation: Installation,
) -> None:
    job = queue.start("tests.soon", installation=installation, arguments={"items": 1})
    waits = []
    for _ in range(9):
        assert worker.advance(job.pk)
        waits.append(round(wait_of(job)))
        clock.advance(waits[-1] + 1)
    assert waits == [15, 30, 60, 120, 240, 480, 900, 900, 900]
    Job.objects.filter(pk=job.pk).update(arguments={"items": 1, "ready": True})
    assert worker.advance(job.pk)
    assert round(wait_of(job)) == 15


def test_a_refusal_ends_the_job_with_its_sentence(installation: Installation) -> None:
    job = queue.run_now(queue.start("tests.refused", installation=installation))
    assert (job.state, job.problem, job.lease_holder) == (JobState.FAILED, "Total Expert refused this.", "")
    assert job.finished_at is not None
    assert [(line.level, line.text) for line in job.lines.all()] == [("error", "Total Expert refused this.")]


def test_an_internal_error_is_retried_and_shown_by_type_only(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    job = queue.start("tests.faulty", installation=installation)
    waits = []
    for _ in range(worker.MAX_ATTEMPTS - 1):
        assert worker.advance(job.pk)
        waits.append(round(wait_of(job)))
        clock.advance(waits[-1] + 1)
    assert tuple(waits) == worker.BACKOFF
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "ValueError" in job.problem
    assert "canary" not in job.problem + "".join(line.text for line in job.lines.all())
    assert not worker.advance(job.pk)


def test_a_job_that_gets_further_each_time_it_fails_is_not_given_up(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    items = worker.MAX_ATTEMPTS + 3
    job = queue.start("tests.stumbling", installation=installation, arguments={"items": items})
    for _ in range(items + 1):
        assert worker.advance(job.pk)
        clock.advance(worker.BACKOFF[-1] + 1)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, items)


def test_a_job_whose_workers_die_is_stopped_after_a_few_attempts(installation: Installation) -> None:
    job = counting(installation)
    for _ in range(worker.MAX_ATTEMPTS):
        assert worker.claim(job.pk) is not None
        clock.advance(leases.LEASE_DURATION.total_seconds() + 1)
    assert worker.advance(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.FAILED, 0)
    assert f"{worker.MAX_ATTEMPTS} times" in job.problem


@pytest.mark.django_db(transaction=True)
def test_of_many_threads_one_begins_the_job(installation: Installation) -> None:
    job = counting(installation)
    together = threading.Barrier(8)
    begun: list[run.Run] = []

    def begin() -> None:
        try:
            together.wait(60)
            slice_ = worker.claim(job.pk)
            if slice_ is not None:
                begun.append(slice_)
        finally:
            connection.close()

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(begun) == 1
    job.refresh_from_db()
    assert (job.fence, job.attempts) == (1, 1)


ITEMS = 6
#: How often each happens: a history is worth telling when workers overlap. The person is nobody's number.
OFTEN = {"begin": 4, "step": 8, "leave": 1, "die": 1}
SELDOM = {"pass time": 10, "pause": 1, "resume": 3, "cancel": 1, "retry": 3}
MOVES = [(name, who) for who in range(3) for name, times in OFTEN.items() for _ in range(times)]
MOVES += [(name, 0) for name, times in SELDOM.items() for _ in range(times)]


HISTORIES = given(moves=st.lists(st.sampled_from(MOVES), min_size=20, max_size=50))


@HISTORIES
@settings(max_examples=40, database=None)
def test_whatever_three_workers_and_a_person_do_each_item_is_noted_once(moves: list[tuple[str, int]]) -> None:
    live_through(moves)


@pytest.mark.soak
@HISTORIES
@settings(max_examples=1000, database=None)
def test_in_many_histories_each_item_is_noted_once(moves: list[tuple[str, int]]) -> None:
    live_through(moves)


def live_through(moves: list[tuple[str, int]]) -> None:
    with undone():
        history = History()
        for name, who in moves:
            history.move(name, who)
        history.finish()
        assert items_of(history.job) == [f"item {number}" for number in range(ITEMS)]


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


class History:
    """Three workers, of which any may fall asleep, die or come late, and a person who interferes."""

    def __init__(self) -> None:
        from tests.integrations.jobs.conftest import another_installation

        self.person = User.objects.create_superuser("somebody@partner.example")
        self.job = counting(another_installation("Elm"), items=ITEMS)
        self.working: dict[int, run.Run] = {}

    def move(self, name: str, who: int) -> None:
        if name == "begin" and who not in self.working:
            slice_ = worker.claim(self.job.pk)
            if slice_ is not None:
                self.working[who] = slice_
        elif name == "step" and who in self.working:
            self._step(who)
        elif name == "leave" and who in self.working:
            self.working.pop(who).release(JobState.WAITING)
        elif name == "die":
            self.working.pop(who, None)
        elif name == "pass time":
            clock.advance(leases.LEASE_DURATION.total_seconds() * 1.1)
        elif name in ("pause", "resume", "cancel", "retry"):
            getattr(queue, name)(self.job, actor=self.person)

    def _step(self, who: int) -> None:
        slice_ = self.working[who]
        following = slice_.cursor.get("next", 0)
        if following == ITEMS:
            return
        try:
            step(slice_, following)
        except (run.LeaseLost, run.StopRequested):
            self.working.pop(who).release(JobState.WAITING)

    def finish(self) -> None:
        """Everybody goes home; whatever state that leaves, the job can be brought to its end."""
        clock.advance(leases.LEASE_DURATION.total_seconds() + 1)
        queue.resume(self.job, actor=self.person)
        queue.retry(self.job, actor=self.person)
        Job.objects.filter(pk=self.job.pk).update(attempts=0)
        assert queue.run_now(self.job).state == JobState.DONE
