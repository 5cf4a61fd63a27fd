"""Starting, pausing, resuming, canceling and repeating jobs."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django_q.models import OrmQ

from integrations.connections.models import Installation
from integrations.jobs import leases, queue, signals, worker
from integrations.jobs.models import Job, JobState
from portal.accounts.models import User
from portal.audit.models import Entry
from tests.integrations.jobs.conftest import connection_of
from tests.integrations.jobs.jobs import counting, counting_of, items_of

pytestmark = pytest.mark.django_db


def test_a_job_is_moved_to_its_end(installation: Installation) -> None:
    job = queue.run_now(counting(installation))
    assert (job.state, job.done, job.total, job.lease_holder) == (JobState.DONE, 3, 3, "")
    assert items_of(job) == ["item 0", "item 1", "item 2"]
    assert job.finished_at is not None


def test_moving_a_job_that_a_worker_has_changes_nothing(installation: Installation) -> None:
    job = counting(installation)
    assert worker.claim(job.pk) is not None
    assert queue.run_now(job).state == JobState.RUNNING
    assert items_of(job) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began")
def test_moving_a_job_whose_worker_was_killed_goes_on_with_it_at_once(installation: Installation) -> None:
    job = counting(installation)
    assert worker.claim(job.pk) is not None
    Job.objects.filter(pk=job.pk).update(lease_holder=leases.process_name() + "0")
    assert queue.run_now(job).state == JobState.DONE


def test_one_kind_has_one_active_job_an_installation(installation: Installation) -> None:
    first = counting(installation)
    assert counting(installation).pk == first.pk
    queue.run_now(first)
    assert counting(installation).pk != first.pk


def test_an_unknown_kind_is_refused_at_the_start(installation: Installation) -> None:
    with pytest.raises(LookupError, match="nobody.knows"):
        queue.start("nobody.knows", installation=installation)


@pytest.mark.django_db(transaction=True)
def test_a_started_job_is_in_the_queue_by_its_id_alone(installation: Installation) -> None:
    job = counting(installation)
    (task,) = OrmQ.objects.all()
    assert task.task["args"] == (job.pk,)
    assert task.task["kwargs"] == {}


def test_a_paused_job_is_not_begun_until_it_is_resumed(installation: Installation, operator: User) -> None:
    job = counting(installation)
    assert queue.pause(job, actor=operator)
    assert not worker.advance(job.pk)
    assert queue.resume(job, actor=operator)
    assert queue.run_now(job).state == JobState.DONE


def test_a_job_paused_while_it_waits_does_not_say_that_it_goes_on(
    installation: Installation, operator: User
) -> None:
    job = queue.run_now(queue.start("tests.later", installation=installation))
    assert queue.pause(job, actor=operator)
    assert (job.state, job.waits_for, job.waits_until) == (JobState.PAUSED, "", None)


def test_a_canceled_job_stays_canceled_and_can_be_repeated(
    installation: Installation, operator: User
) -> None:
    job = counting(installation)
    assert queue.cancel(job, actor=operator)
    assert not queue.resume(job, actor=operator)
    assert queue.run_now(job).state == JobState.CANCELED
    assert queue.retry(job, actor=operator)
    assert job.finished_at is None
    assert queue.run_now(job).state == JobState.DONE


def test_repeating_is_refused_while_another_one_is_active(installation: Installation, operator: User) -> None:
    failed = queue.run_now(queue.start("tests.refused", installation=installation))
    queue.start("tests.refused", installation=installation)
    assert not queue.retry(failed, actor=operator)


def test_what_a_person_does_is_on_record(installation: Installation, operator: User) -> None:
    job = counting(installation)
    queue.pause(job, actor=operator)
    queue.resume(job, actor=operator)
    queue.cancel(job, actor=operator)
    queue.retry(job, actor=operator)
    actions = Entry.objects.filter(action__startswith="job.").order_by("pk").values_list("action", "actor_id")
    assert list(actions) == [
        (f"job.{done}", operator.pk) for done in ("paused", "resumed", "canceled", "retried")
    ]
    assert [line.text for line in job.lines.all()] == [
        f"A person {done} the job." for done in ("paused", "resumed", "canceled", "retried")
    ]


def test_a_job_asked_for_after_it_began_starts_over_once_when_it_is_done(installation: Installation) -> None:
    job = counting(installation)
    arguments = job.arguments | {"full": True}
    run = worker.claim(job.pk)
    assert run is not None
    for _ in range(3):
        assert queue.start(job.kind, installation=installation, arguments=arguments).pk == job.pk
    assert run.release(JobState.DONE)
    job.refresh_from_db()
    assert (job.state, job.cursor, job.arguments, job.rerun_arguments) == (
        JobState.WAITING,
        {},
        arguments,
        None,
    )
    assert "runs once more" in str(job.lines.last().text)
    assert queue.run_now(job).state == JobState.DONE


def test_a_job_asked_for_before_it_began_runs_once(installation: Installation) -> None:
    job = counting(installation)
    assert queue.start(job.kind, installation=installation).pk == job.pk
    assert queue.run_now(job).rerun_arguments is None
    assert items_of(job) == ["item 0", "item 1", "item 2"]


def test_a_job_that_waits_between_two_slices_does_not_start_over_for_the_same(
    installation: Installation,
) -> None:
    job = counting(installation)
    run = worker.claim(job.pk)
    assert run is not None
    run.release(JobState.WAITING)
    queue.start(job.kind, installation=installation)
    job.refresh_from_db()
    assert job.rerun_arguments is None
    queue.start(job.kind, installation=installation, arguments={"full": True})
    job.refresh_from_db()
    assert job.rerun_arguments == {"full": True}


def test_a_failed_job_that_was_asked_for_again_is_tried_again(installation: Installation) -> None:
    job = counting(installation)
    run = worker.claim(job.pk)
    assert run is not None
    queue.start(job.kind, installation=installation)
    run.release(JobState.FAILED, line="It broke.")
    job.refresh_from_db()
    assert job.state == JobState.WAITING and job.problem == ""


def test_a_canceled_job_does_not_start_over(installation: Installation, operator: User) -> None:
    job = counting(installation)
    run = worker.claim(job.pk)
    assert run is not None
    queue.start(job.kind, installation=installation)
    queue.cancel(job, actor=operator)
    run.release(JobState.DONE)
    job.refresh_from_db()
    assert job.state == JobState.CANCELED


@pytest.fixture
def left() -> Iterator[list[tuple[int, str]]]:
    """The jobs that were left, each with the state it was left in."""
    heard: list[tuple[int, str]] = []

    def hear(sender: Any, *, job: Job, **_: Any) -> None:
        heard.append((job.pk, str(job.state)))

    signals.stopped.connect(hear)
    yield heard
    signals.stopped.disconnect(hear)


def test_each_connection_has_one_active_job_of_a_kind_of_its_own(installation: Installation) -> None:
    first, second = connection_of(installation), connection_of(installation)
    job = counting_of(first)
    assert (job.connection, job.installation) == (first, installation)
    assert counting_of(first) == job
    assert counting_of(second) != job
    queue.run_now(job)
    assert counting_of(first) != job


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("tests.count", ["connection"]),
        ("tests.own_count", ["installation"]),
        ("tests.own_count", ["installation", "connection"]),
        ("tests.count", []),
    ],
)
def test_a_kind_is_either_of_connections_or_of_installations(
    installation: Installation, kind: str, given: list[str]
) -> None:
    things: dict[str, Any] = {"installation": installation, "connection": connection_of(installation)}
    with pytest.raises(TypeError, match="and nothing else"):
        queue.start(kind, **{name: things[name] for name in given})


def test_a_connection_whose_canceled_job_still_has_a_worker_waits_and_another_does_not(
    installation: Installation, operator: User
) -> None:
    first, second = connection_of(installation), connection_of(installation)
    canceled = counting_of(first)
    assert worker.claim(canceled.pk) is not None
    queue.cancel(canceled, actor=operator)
    assert worker.claim(counting_of(first).pk) is None
    assert worker.claim(counting_of(second).pk) is not None


def test_a_job_whose_connection_is_gone_ends_with_a_sentence(installation: Installation) -> None:
    connection = connection_of(installation)
    job = counting_of(connection)
    connection.delete()
    job.refresh_from_db()
    assert queue.run_now(job).state == JobState.FAILED
    assert "was deleted" in job.problem


def test_waking_a_connection_lets_its_waiting_jobs_go_on_and_no_others(
    installation: Installation, operator: User
) -> None:
    mine, other = connection_of(installation), connection_of(installation)
    waiting = queue.run_now(queue.start("tests.own_later", connection=mine))
    paused = queue.run_now(queue.start("tests.own_soon", connection=mine))
    queue.pause(paused, actor=operator)
    elsewhere = queue.run_now(queue.start("tests.own_later", connection=other))
    assert waiting.waits_until is not None and worker.claim(waiting.pk) is None
    assert queue.wake(mine) == 1
    waiting.refresh_from_db()
    assert waiting.waits_for == ""
    assert worker.claim(waiting.pk) is not None
    assert worker.claim(paused.pk) is None and worker.claim(elsewhere.pk) is None
    assert queue.wake(mine) == 0


@pytest.mark.django_db(transaction=True)
def test_a_job_that_was_woken_is_handed_to_the_workers_at_once(installation: Installation) -> None:
    connection = connection_of(installation)
    job = queue.run_now(queue.start("tests.own_later", connection=connection))
    OrmQ.objects.all().delete()
    queue.wake(connection)
    assert [task.task["args"] for task in OrmQ.objects.all()] == [(job.pk,)]


def test_whoever_worked_for_a_job_hears_that_it_is_paused_canceled_failed_or_done(
    installation: Installation, operator: User, left: list[tuple[int, str]]
) -> None:
    job = queue.start("tests.later", installation=installation)
    queue.run_now(job)
    assert left == [], "it waits"
    queue.pause(job, actor=operator)
    queue.resume(job, actor=operator)
    queue.cancel(job, actor=operator)
    assert not queue.cancel(job, actor=operator)
    failed = queue.run_now(queue.start("tests.refused", installation=installation))
    done = queue.run_now(counting(installation))
    assert left == [
        (job.pk, "paused"),
        (job.pk, "canceled"),
        (failed.pk, "failed"),
        (done.pk, "done"),
    ]


def test_a_job_canceled_in_the_middle_is_left_again_when_its_worker_lets_go(
    installation: Installation, operator: User, left: list[tuple[int, str]]
) -> None:
    job = counting(installation)
    run = worker.claim(job.pk)
    assert run is not None
    queue.cancel(job, actor=operator)
    run.release(JobState.WAITING)
    assert left == [(job.pk, "canceled")] * 2


def test_a_job_that_starts_over_is_not_left(installation: Installation, left: list[tuple[int, str]]) -> None:
    job = counting(installation)
    run = worker.claim(job.pk)
    assert run is not None
    counting(installation)
    run.release(JobState.DONE)
    assert left == []
