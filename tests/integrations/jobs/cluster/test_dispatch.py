"""Handing due jobs to the workers."""

import datetime as dt

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations.connections.models import Installation
from integrations.jobs import queue, worker
from integrations.jobs.cluster import dispatch
from integrations.jobs.models import Job
from portal.core import clock
from tests.integrations.jobs.conftest import another_installation
from tests.integrations.jobs.jobs import counting

pytestmark = pytest.mark.django_db
ROOM = 2 * Conf.WORKERS


def handed_out() -> list[int]:
    """The jobs in the queue, in order; the queue is empty then, as if workers had taken them."""
    ids = [task.task["args"][0] for task in OrmQ.objects.order_by("pk")]
    OrmQ.objects.all().delete()
    return ids


def jobs(count: int) -> list[Job]:
    return [counting(another_installation(f"Elm{number}")) for number in range(count)]


def test_a_due_job_is_handed_out_once(installation: Installation) -> None:
    job = counting(installation)
    dispatcher = dispatch.Dispatcher()
    dispatcher.enqueue_due()
    dispatcher.enqueue_due()
    assert handed_out() == [job.pk]


def test_a_task_that_got_lost_is_handed_out_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100.0]
    monkeypatch.setattr(dispatch.time, "monotonic", lambda: seconds[0])
    job = counting(installation)
    dispatcher = dispatch.Dispatcher()
    dispatcher.enqueue_due()
    assert handed_out() == [job.pk]
    seconds[0] += dispatch.CLAIM_TIMEOUT
    dispatcher.enqueue_due()
    assert handed_out() == [job.pk]


def test_a_job_that_waits_is_handed_out_when_its_time_has_come(installation: Installation) -> None:
    job = queue.run_now(queue.start("tests.later", installation=installation))
    dispatcher = dispatch.Dispatcher()
    dispatcher.enqueue_due()
    assert handed_out() == []
    clock.advance(121)
    dispatcher.enqueue_due()
    assert handed_out() == [job.pk]


def test_the_queue_stays_short_and_everybody_gets_a_turn(installation: Installation) -> None:
    waiting = [job.pk for job in jobs(ROOM + 3)]
    dispatcher = dispatch.Dispatcher()
    dispatcher.enqueue_due()
    dispatcher.enqueue_due()
    first = handed_out()
    assert first == waiting[:ROOM]
    Job.objects.update(arguments={"items": 5, "pause_after": 0})
    for pk in first:
        assert worker.advance(pk)
    dispatcher.enqueue_due()
    assert handed_out() == [*waiting[ROOM:], *waiting[: ROOM - 3]]


def test_what_a_dead_cluster_had_taken_can_be_taken_at_once(installation: Installation) -> None:
    worker.enqueue(1)
    OrmQ.objects.update(lock=timezone.now() + dt.timedelta(seconds=Conf.RETRY))
    dispatch.Dispatcher().release_taken()
    assert OrmQ.objects.filter(lock__lt=timezone.now()).count() == 1
