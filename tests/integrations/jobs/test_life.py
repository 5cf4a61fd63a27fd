"""Signs of life of a cluster."""

import os
from collections.abc import Iterator

import pytest
from django_q.conf import Conf
from django_q.signing import SignedPackage

from integrations.jobs import life, worker

pytestmark = pytest.mark.django_db


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    monkeypatch.setattr(life, "_pipe", None)
    monkeypatch.setattr(life, "_period", 0.0)
    life.report_to(theirs, period=60)
    yield ours
    os.close(ours)
    os.close(theirs)


def test_the_broker_hands_out_a_canary_and_then_what_is_in_the_table(pipe: int) -> None:
    broker = life.Broker(list_key=Conf.CLUSTER_NAME)
    worker.hand_over(42)
    canary, task = (SignedPackage.loads(broker.dequeue()[0][1]) for _ in range(2))
    assert canary["func"] == "integrations.jobs.life.sign"
    assert task["args"] == (42,)


def test_a_canary_that_is_run_is_heard(pipe: int) -> None:
    life.sign()
    assert os.read(pipe, 10) == b"."


def test_signs_that_nobody_reads_block_no_worker(pipe: int) -> None:
    for _ in range(100_000):
        life.sign()
    assert len(os.read(pipe, 10)) == 10


def test_without_a_supervisor_there_is_no_canary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "_pipe", None)
    broker = life.Broker(list_key=Conf.CLUSTER_NAME)
    worker.hand_over(42)
    assert SignedPackage.loads(broker.dequeue()[0][1])["args"] == (42,)
    life.sign()
