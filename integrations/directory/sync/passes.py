"""A pass: one run through everything that a connection sees. Its state is the cursor of its job.

The steps are in `steps`. Each requests a page outside of any transaction, then stores the page and its own progress in one
transaction, under the job's fence. So a step is stored completely or not at all, and if a worker dies, the next one
continues from there. Passes of several connections of an installation run in parallel but store one at a time.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
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
#: While Total Expert counts more contacts than were read, or can't be asked, a pass reads everything after this long.
RECOUNT_AFTER = dt.timedelta(days=1)
#: The largest total that is believed. Beyond it, the total is unknown.
MAX_TOTAL = 10**8
#: IDs on one line of a job's log.
IDS_PER_LINE = 20


def is_full(sync_state: SyncState, *, requested: bool, now: dt.datetime) -> bool:
    """Return whether the next pass must read everything."""
    if requested or sync_state.seen_until is None or sync_state.full_finished_at is None:
        return True
    is_short = sync_state.difference is None or sync_state.difference > 0
    after = RECOUNT_AFTER if is_short else FULL_AFTER
    return now - sync_state.full_finished_at > after


class Pass:
    """A pass in progress. ``state`` is the cursor of its job and changes in place; the counts are the job's.

    A ``total`` of 0 is unknown.
    """

    def __init__(self, run: Run, connection: Connection) -> None:
        self.run = run
        self.connection = connection
        self.sync_state, _ = SyncState.objects.select_related("owner").get_or_create(connection=connection)
        self.done, self.failed, self.total = run.job.done, run.job.failed, run.job.total or 0
        self.read_at = self.started_at = clock.now()
        self.state: dict[str, Any] = run.cursor or self._begin()

    def _begin(self) -> dict[str, Any]:
        now = clock.now()
        full = is_full(self.sync_state, requested=bool(self.run.job.arguments.get("full")), now=now)
        since = None if full or self.sync_state.seen_until is None else self.sync_state.seen_until - OVERLAP
        self.sync_state.passes += 1
        self.sync_state.started_at, self.sync_state.problem = now, ""
        self.sync_state.trying_since = self.sync_state.trying_since or now
        self.done = self.failed = self.total = 0
        self.state = {
            "number": self.sync_state.passes,
            "full": full,
            "step": "owner",
            "begin": reader.Position(since=since).dump(),
        }
        with transaction.atomic():
            self.sync_state.save(update_fields=["passes", "started_at", "problem", "trying_since"])
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
        total = max(self.total, self.done) if 0 < self.total <= MAX_TOTAL else 0
        self.run.checkpoint(cursor=self.state, done=self.done, failed=self.failed, total=total)

    def begin_read(self) -> None:
        """Remember that records are requested now: what another pass stores from now on may be newer."""
        self.read_at = clock.now()

    def context(self, *, archived: bool | None = None) -> store.PassContext:
        """Return what `store` needs to know about this pass."""
        return store.PassContext(
            self.sync_state, self.connection, self.state["number"], clock.now(), self.read_at, archived
        )

    def start_step(self, name: str) -> None:
        """Continue with the first page of another step."""
        self.state.update(step=name, position=None, is_patchy=False)

    def start_walk(self) -> None:
        """Read all contacts once more, to find those that this pass hasn't seen."""
        self.sync_state.passes += 1
        self.sync_state.save(update_fields=["passes"])
        self.state.update(number=self.sync_state.passes, walks=self.state.get("walks", 1) + 1)
        self.done = self.failed = 0
        for name in ("page_before", "nameless"):
            self.state.pop(name, None)
        self.start_step("archived")

    def log_ids(self, sentence: str, ids: Iterable[int]) -> None:
        """Log a sentence about records, with all their IDs."""
        listed = list(ids)
        for start in range(0, len(listed), IDS_PER_LINE):
            named = ", ".join(map(str, listed[start : start + IDS_PER_LINE]))
            self.run.log(f"{sentence}: {named}.", level="warning")

    def log_once(self, name: str, sentence: str) -> None:
        """Log a warning unless this pass has logged it already under the same name."""
        logged = self.state.setdefault("logged", [])
        if name not in logged:
            logged.append(name)
            self.run.log(sentence, level="warning")

    def log_unreadable(self, noun: str, page: Page[Any]) -> None:
        """Count and log the entries of a page that aren't records."""
        if page.unreadable:
            self.failed += len(page.unreadable)
            self.run.log(f"Skipped {len(page.unreadable)} {noun} without an ID.", level="warning")
