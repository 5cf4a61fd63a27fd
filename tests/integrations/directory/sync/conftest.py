"""Syncs that run to their end, and small pages."""

from collections.abc import Callable
from typing import Any

import pytest

from integrations.connections.models import Connection
from integrations.directory.sync import jobs, reader
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.total_expert import calls
from portal.core import clock
from tests.world import World

Run = Callable[..., Job]


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client retries at once."""
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)


@pytest.fixture
def run_sync() -> Run:
    """A function that syncs what a connection sees completely, in this process."""

    def run(connection: Connection, **options: Any) -> Job:
        return queue.run_now(jobs.start(connection=connection, **options))

    return run


@pytest.fixture
def sync(world: World, run_sync: Run) -> Run:
    """A function that syncs to the end of a pass, however often the pass waits for Total Expert."""

    def run(connection: Connection, **options: Any) -> Job:
        job = run_sync(connection, **options)
        for _ in range(40):
            if job.state != "waiting":
                break
            world.sandbox.pass_time(max((job.waits_until - clock.now()).total_seconds(), 0) + 1)
            job = run_sync(connection, **options)
        assert job.state == "done", job.problem or job.waits_for
        return job

    return run


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SIZE", 10)
