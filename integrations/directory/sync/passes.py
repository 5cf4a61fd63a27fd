"""A pass: one run through everything that a connection sees. Its state is the cursor of its job.

The steps are in `steps`. Each requests a page outside of any transaction, then stores the page and its own progress in one
transaction, under the job's fence. So a step is stored completely or not at all, and if a worker dies, the next one
continues from there. Passes of several connections of an installation run in parallel but store one at a time.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from integrations.connections.models import Connection, Installation
from integrations.directory.models import SyncState
from integrations.directory.sync import reader, store
from integrations.jobs.run import Run
from integrations.total_expert import Page
from portal.core import clock

#: An incremental pass starts this much before the latest change that was read, because clocks and commits are inexact.
OVERLAP = dt.timedelta(minutes=5)
#: Changes don't include deletions, so after this long a pass reads everything again.
FULL_AFTER = dt.timedelta(days=7)


def is_full(sync_state: SyncState, *, requested: bool, now: dt.datetime) -> bool:
    """Return whether the next pass must read everything."""
    if requested or sync_state.seen_until is None or sync_state.full_finished_at is None:
        return True
    return now - sync_state.full_finished_at > FULL_AFTER


class Pass:
    """A pass in progress. ``state`` is the cursor of its job and changes in place; the counts are the job's."""

    def __init__(self, run: Run, connection: Connection) -> None:
        self.run = run
        self.connection = connection
        self.sync_state, _ = SyncState.objects.select_related("owner").get_or_create(connection=connection)
        self.done, self.failed, self.total = run.job.done, run.job.failed, run.job.total or 0
        self.state: dict[str, Any] = run.cursor or self._begin()

    def _begin(self) -> dict[str, Any]:
        now = clock.now()
        full = is_full(self.sync_state, requested=bool(self.run.job.arguments.get("full")), now=now)
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

    def fail(self, sentence: str) -> None:
        """End this pass because Total Expert refused a call. Stored contacts stay. A retry begins a new pass."""
        self.sync_state.problem = sentence[:500]
        with transaction.atomic():
            self.sync_state.save(update_fields=["problem"])
            self.state = {}
            self.save()

    @contextmanager
    def storing(self) -> Iterator[None]:
        """Open a transaction in which no other pass of the installation stores, so that what it reads stays true."""
        with transaction.atomic():
            alone = Installation.objects.select_for_update(no_key=True)
            alone.only("pk").get(pk=self.connection.installation_id)
            yield

    def save(self) -> None:
        """Save the progress under the job's fence, in the caller's transaction."""
        self.run.checkpoint(
            cursor=self.state, done=self.done, failed=self.failed, total=max(self.total, self.done)
        )

    def context(self, *, archived: bool | None = None) -> store.PassContext:
        """Return what `store` needs to know about this pass."""
        return store.PassContext(
            self.sync_state, self.connection, self.state["number"], clock.now(), archived
        )

    def start_step(self, name: str) -> None:
        """Continue with the first page of another step."""
        self.state.update(step=name, page=1, position=None)

    def log_unreadable(self, noun: str, page: Page[Any]) -> None:
        """Count and log the entries of a page that aren't records."""
        if page.unreadable:
            self.failed += len(page.unreadable)
            self.run.log(f"Skipped {len(page.unreadable)} {noun} without an ID.", level="warning")
