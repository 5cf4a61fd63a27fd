"""A slice under way: checkpoints, the fence, and stopping when a person says so."""

import pytest
from django.db import transaction

from integrations.connections.models import Installation
from integrations.jobs import leases, queue, run, worker
from integrations.jobs.models import Job, JobLine, JobState
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.jobs.jobs import counting, items_of
from tests.integrations.jobs.kinds_for_tests.kinds import step

pytestmark = pytest.mark.django_db


def begun(job: Job) -> run.Run:
    slice_ = worker.claim(job.pk)
    assert slice_ is not None
    return slice_


def test_a_worker_that_wakes_up_late_writes_nothing(installation: Installation) -> None:
    job = counting(installation)
    late = begun(job)
    clock.advance(leases.LEASE_DURATION.total_seconds() + 1)
    assert worker.advance(job.pk)
    with pytest.raises(run.LeaseLost), transaction.atomic():
        late.log("written by the dead")
        late.checkpoint(cursor={"next": 0}, done=0)
    assert not late.release(JobState.WAITING, line="written by the dead")
    job.refresh_from_db()
    assert (job.state, job.done, job.cursor) == (JobState.DONE, 3, {"next": 3})
    assert not JobLine.objects.filter(text="written by the dead").exists()


def test_a_checkpoint_renews_the_lease(installation: Installation) -> None:
    job = counting(installation)
    working = begun(job)
    for item in range(3):
        clock.advance(leases.LEASE_DURATION.total_seconds() - 5)
        step(working, item)
        assert worker.claim(job.pk) is None


def test_the_step_during_which_somebody_pauses_is_kept_and_is_the_last(
    installation: Installation, operator: User
) -> None:
    job = counting(installation)
    working = begun(job)
    assert queue.pause(job, actor=operator)
    step(working, 0)
    assert not working.time_left()
    with pytest.raises(run.StopRequested):
        step(working, 1)
    assert items_of(job) == ["item 0"]
    working.release(JobState.WAITING)
    job.refresh_from_db()
    assert (job.state, job.done, job.lease_holder) == (JobState.PAUSED, 1, "")


def test_a_job_that_is_resumed_before_its_worker_noticed_is_not_begun_twice(
    installation: Installation, operator: User
) -> None:
    job = counting(installation)
    working = begun(job)
    queue.pause(job, actor=operator)
    queue.resume(job, actor=operator)
    assert worker.claim(job.pk) is None
    step(working, 0)
    assert not working.time_left()
    working.release(JobState.WAITING)
    assert queue.run_now(job).state == JobState.DONE
    assert items_of(job) == ["item 0", "item 1", "item 2"]


def test_a_new_job_waits_for_the_worker_of_the_canceled_one(
    installation: Installation, operator: User
) -> None:
    canceled = counting(installation)
    working = begun(canceled)
    queue.cancel(canceled, actor=operator)
    successor = counting(installation)
    assert successor.pk != canceled.pk
    assert worker.claim(successor.pk) is None
    working.release(JobState.WAITING)
    canceled.refresh_from_db()
    assert canceled.state == JobState.CANCELED
    assert queue.run_now(successor).state == JobState.DONE


def test_only_progress_resets_the_attempts(installation: Installation) -> None:
    job = counting(installation)
    working = begun(job)
    working.checkpoint()
    working.checkpoint(cursor={}, done=0)
    job.refresh_from_db()
    assert job.attempts == 1
    cursor = working.cursor
    cursor["seen"] = 1  # changed in place, as real work may
    working.checkpoint(cursor=cursor)
    job.refresh_from_db()
    assert job.attempts == 0


def test_the_rate_counts_only_the_time_somebody_worked(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: seconds[0])
    job = counting(installation, items=30)
    working = begun(job)
    seconds[0] += 5
    working.checkpoint(done=20, total=30)
    working.release(JobState.WAITING)
    seconds[0] += 3600
    working = begun(job)
    seconds[0] += 5
    working.checkpoint(done=20)
    job.refresh_from_db()
    at = clock.now()
    eta = job.eta(at)
    assert job.rate() == pytest.approx(2)
    assert eta is not None and (eta - at).total_seconds() == pytest.approx(5)


def test_a_slice_ends_when_its_time_is_over(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(run.time, "monotonic", lambda: seconds[0])
    working = begun(counting(installation))
    assert working.time_left()
    seconds[0] += run.SLICE_SECONDS
    assert not working.time_left()


def test_a_line_that_repeats_the_last_one_is_not_noted_again(installation: Installation) -> None:
    job = queue.start("tests.later", installation=installation)
    for _ in range(3):
        assert worker.advance(job.pk)
        clock.advance(121)
    assert [line.text for line in job.lines.all()] == ["No token slot is free before 14:32 UTC."]
