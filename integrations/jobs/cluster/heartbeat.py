"""Signs of life: a pipe from the workers of a cluster to their supervisor, and a task that writes into it."""

import os
import time

from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

_pipe: int | None = None
_period = 10.0


def report_to(pipe: int, *, period: float) -> None:
    """In the cluster, before it forks: where its workers give signs of life, and every how many seconds at most."""
    global _pipe, _period
    _pipe, _period = pipe, period


def sign() -> None:
    """The canary: a task that only says it was run. Without a supervisor nobody hears it."""
    if _pipe is None:
        return
    try:
        os.write(_pipe, b".")
    except BlockingIOError:
        return  # the pipe is full of signs that nobody has read yet


class Broker(ORM):
    """django-q2's database broker, which now and then hands its own cluster a canary from no table.

    One in the table could be taken by another machine's cluster, which says nothing about this one.
    """

    _signed_at = 0.0

    def dequeue(self) -> list[tuple[int | None, str]] | None:
        """What the workers of this cluster do next, as pairs of what to acknowledge and the task."""
        if _pipe is not None and time.monotonic() - self._signed_at >= _period:
            self._signed_at = time.monotonic()
            return [(None, _canary())]
        tasks: list[tuple[int | None, str]] | None = super().dequeue()
        return tasks


def _canary() -> str:
    task = {
        "id": "canary",
        "name": "canary",
        "func": "integrations.jobs.cluster.heartbeat.sign",
        "args": (),
        "kwargs": {},
        "save": False,
    }
    packed: str = SignedPackage.dumps(task)
    return packed
