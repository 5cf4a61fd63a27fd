"""Signs of life of a cluster."""

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django_q.conf import Conf
from django_q.signing import SignedPackage

from integrations.jobs import worker
from integrations.jobs.cluster import heartbeat

pytestmark = pytest.mark.django_db


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    monkeypatch.setattr(heartbeat, "_pipe", None)
    monkeypatch.setattr(heartbeat, "_period", 0.0)
    heartbeat.report_to(theirs, period=60)
    yield ours
    os.close(ours)
    os.close(theirs)


def test_the_broker_hands_out_a_canary_and_then_what_is_in_the_table(pipe: int) -> None:
    broker = heartbeat.Broker(list_key=Conf.CLUSTER_NAME)
    worker.enqueue(42)
    canary, task = (SignedPackage.loads(broker.dequeue()[0][1]) for _ in range(2))
    assert canary["func"] == "integrations.jobs.cluster.heartbeat.beat"
    assert task["args"] == (42,)


def test_a_canary_that_is_run_is_heard(pipe: int) -> None:
    heartbeat.beat()
    assert os.read(pipe, 10) == b"."


def test_signs_that_nobody_reads_block_no_worker(pipe: int) -> None:
    for _ in range(100_000):
        heartbeat.beat()
    assert len(os.read(pipe, 10)) == 10


def test_without_a_supervisor_there_is_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_pipe", None)
    broker = heartbeat.Broker(list_key=Conf.CLUSTER_NAME)
    worker.enqueue(42)
    assert SignedPackage.loads(broker.dequeue()[0][1])["args"] == (42,)
    heartbeat.beat()


def test_the_queue_is_looked_at_often_only_while_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("django_q.brokers.orm.sleep", slept.append)
    monkeypatch.setattr(heartbeat, "_pipe", None)
    broker = heartbeat.Broker(list_key=Conf.CLUSTER_NAME)
    broker.dequeue()
    worker.enqueue(42)
    broker.dequeue()
    broker.dequeue()
    monkeypatch.setattr(heartbeat, "BUSY_FOR", 0.0)
    broker.dequeue()
    assert slept == [settings.Q_CLUSTER["poll"], heartbeat.BUSY_POLL, settings.Q_CLUSTER["poll"]]
