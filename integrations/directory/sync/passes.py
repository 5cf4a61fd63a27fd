"""The pass of a connection: one reading of what it sees, kept in the cursor of its job.

Each step asks Total Expert outside any transaction, then stores the answer and its own progress in one, under the
job's fence: a step happens whole or not at all, and a worker that dies is followed by one that goes on from there.
Passes of several connections of an installation run side by side, and store one after the other.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from integrations.connections.client import client_for
from integrations.connections.models import Connection, Installation
from integrations.directory.models import UNKNOWN_TIME, SyncState
from integrations.directory.sync import reader, steps, store
from integrations.jobs.run import Run
from integrations.total_expert import Page
from portal.core import clock

#: Later passes read what changed since the last one, and begin this much earlier: clocks and commits are not exact.
OVERLAP = dt.timedelta(minutes=5)
#: Changes do not tell what was deleted. After this long a pass reads everything again.
FULL_AFTER = dt.timedelta(days=7)


def is_full(sync_state: SyncState, *, asked: bool, now: dt.datetime) -> bool:
    """Whether the next pass must read everything."""
    if asked or sync_state.seen_until is None or sync_state.full_finished_at is None:
        return True
    return now - sync_state.full_finished_at > FULL_AFTER


class Pass:
    """A pass under way. ``state`` is the cursor of its job, changed in place; the counts are the job's."""

    def __init__(self, run: Run, connection: Connection) -> None:
        self.run = run
        self.connection = connection
        self.sync_state, _ = SyncState.objects.select_related("owner").get_or_create(connection=connection)
        self.done, self.failed, self.total = run.job.done, run.job.failed, run.job.total or 0
        self.state: dict[str, Any] = run.cursor or self._begin()

    def _begin(self) -> dict[str, Any]:
        now = clock.now()
        full = is_full(self.sync_state, asked=bool(self.run.job.arguments.get("full")), now=now)
        since = None if full or self.sync_state.seen_until is None else self.sync_state.seen_until - OVERLAP
        self.sync_state.passes += 1
        self.sync_state.started_at, self.sync_state.problem = now, ""
        self.done = self.failed = self.total = 0
        self.state = {
            "number": self.sync_state.passes,
            "full": full,
            "step": "owner",
            "page": 1,
            "begin": reader.Position(since=since).dump(),
        }
        with transaction.atomic():
            self.sync_state.save(update_fields=["passes", "started_at", "problem"])
            self.save()
        return self.state

    def advance(self) -> bool:
        """Go on until the pass is complete (True) or the slice is over. Raises the client's errors."""
        with client_for(self.connection, stale_since=self.sync_state.finished_at or UNKNOWN_TIME) as client:
            while self.state["step"] != "done":
                if not self.run.time_left():
                    return False
                steps.STEPS[self.state["step"]](self, client)
        return True

    def fail(self, sentence: str) -> None:
        """End this pass: Total Expert refuses the connection. What was stored stays; a retry begins a new pass."""
        self.sync_state.problem = sentence[:500]
        with transaction.atomic():
            self.sync_state.save(update_fields=["problem"])
            self.state = {}
            self.save()

    @contextmanager
    def storing(self) -> Iterator[None]:
        """A transaction in which no other pass of the installation stores: what it reads stays true until it writes."""
        with transaction.atomic():
            alone = Installation.objects.select_for_update(no_key=True)
            alone.only("pk").get(pk=self.connection.installation_id)
            yield

    def save(self) -> None:
        """Write the progress under the job's fence, in the caller's transaction."""
        self.run.checkpoint(
            cursor=self.state, done=self.done, failed=self.failed, total=max(self.total, self.done)
        )

    def context(self, *, archived: bool | None = None) -> store.PassContext:
        """How what comes now is stored."""
        return store.PassContext(
            self.sync_state, self.connection, self.state["number"], clock.now(), archived
        )

    def go_on(self, step: str) -> None:
        """The next step, from its first page."""
        self.state.update(step=step, page=1, position=None)

    def note_unreadable(self, noun: str, page: Page[Any]) -> None:
        """Count what stood in a page and is no record."""
        if page.unreadable:
            self.failed += len(page.unreadable)
            self.run.log(
                f"{len(page.unreadable)} {noun} came without an id and were left out.", level="warning"
            )
