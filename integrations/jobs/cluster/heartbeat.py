"""Heartbeats: a pipe from a cluster's workers to their supervisor, and a canary task that writes to it."""

import os
import time

from django.conf import settings
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.signing import SignedPackage

#: Seconds between two looks into the queue, for so many seconds after it held a task. Later, Q_CLUSTER's "poll" applies.
BUSY_POLL, BUSY_FOR = 0.1, 5.0
_pipe: int | None = None
_period = 10.0


def report_to(pipe: int, *, period: float) -> None:
    """Set the pipe and the seconds between heartbeats. Call this in the cluster before it forks."""
    global _pipe, _period
    _pipe, _period = pipe, period


def beat() -> None:
    """The canary task: report that a worker ran it. Do nothing without a supervisor."""
    if _pipe is None:
        return
    try:
        os.write(_pipe, b".")
    except BlockingIOError:
        return  # the pipe is full of unread heartbeats


class Broker(ORM):
    """django-q2's database broker, which regularly gives its own cluster a canary task, and looks often while it is busy.

    The canary is not in the queue's table, where another machine's cluster could take it.
    """

    _canary_at = 0.0
    _task_at = -BUSY_FOR

    def dequeue(self) -> list[tuple[int | None, str]] | None:
        """Return the next tasks for this cluster as (acknowledgment id, task) pairs."""
        if _pipe is not None and time.monotonic() - self._canary_at >= _period:
            self._canary_at = time.monotonic()
            return [(None, _canary())]
        is_busy = time.monotonic() - self._task_at < BUSY_FOR
        Conf.POLL = BUSY_POLL if is_busy else settings.Q_CLUSTER["poll"]  # what the next line sleeps
        tasks: list[tuple[int | None, str]] | None = super().dequeue()
        if tasks:
            self._task_at = time.monotonic()
        return tasks


def _canary() -> str:
    task = {
        "id": "canary",
        "name": "canary",
        "func": "integrations.jobs.cluster.heartbeat.beat",
        "args": (),
        "kwargs": {},
        "save": False,
    }
    packed: str = SignedPackage.dumps(task)
    return packed
