"""One slice of a job under way: what the working code is handed.

A slice begins by taking the job's lease with a higher fence, and every write of progress checks that fence in the
same transaction. A worker that was stopped and wakes up late finds its fence outdated and can write nothing.
"""

import json
import time
from typing import Any

from django.db import models, transaction
from django.db.models import F

from integrations.jobs import signals
from integrations.jobs.leases import LEASE
from integrations.jobs.models import Job, JobLine, JobState
from portal.core import clock

#: What `leave` ends a job with.
ENDED = (JobState.DONE, JobState.FAILED)
#: How many seconds one slice works before it lets others have their turn.
SLICE = 50.0


class LeaseLost(Exception):
    """Another worker has taken the job over: whatever this one was about to write must not be written."""


class StopRequested(Exception):
    """A person paused or cancelled the job, and it should have stopped at its last checkpoint."""


class Run:
    """A slice under way. ``job`` is the row as it was last written, ``cursor`` where it stands."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cursor: dict[str, Any] = dict(job.cursor)
        self._mark = _text(job.cursor)
        self._fence = job.fence
        self._until = time.monotonic() + SLICE
        self._counted_until = time.monotonic()
        self._stopped = False

    def time_left(self) -> bool:
        """Whether the slice may begin another step. Ask before each: False as well when a person paused the job."""
        return not self._stopped and time.monotonic() < self._until

    def checkpoint(
        self,
        *,
        cursor: dict[str, Any] | None = None,
        done: int | None = None,
        total: int | None = None,
        failed: int | None = None,
    ) -> None:
        """Commit progress, and renew the lease. Call it inside the transaction that writes the work itself.

        Raises LeaseLost, which rolls that transaction back, when another worker has taken the job over. When a person
        paused or cancelled it, this step still counts, since it may have happened at Total Expert already; there is
        no `time_left` any more, and the next checkpoint raises StopRequested.
        """
        if self._stopped:
            raise StopRequested
        counts = {"done": done, "total": total, "failed": failed}
        given: dict[str, Any] = {name: value for name, value in counts.items() if value is not None}
        moved = any(getattr(self.job, name) != value for name, value in given.items())
        if cursor is not None:
            given["cursor"] = cursor
            moved |= _text(cursor) != self._mark
        if moved:
            given |= {"attempts": 0, "waits": 0}
        with transaction.atomic():
            written = self._mine().update(
                lease_expires_at=clock.now() + LEASE, worked=self._worked(), **given
            )
            if not written:
                raise LeaseLost
            self._stopped = self._mine().values_list("state", flat=True).get() != JobState.RUNNING
        for name, value in given.items():
            setattr(self.job, name, value)
        if cursor is not None:
            self.cursor, self._mark = dict(cursor), _text(cursor)

    def note(self, text: str, *, level: str = "info") -> None:
        """Add a line to the job's log. No personal data."""
        JobLine.objects.create(job=self.job, at=clock.now(), level=level, text=text[:500])

    def leave(self, state: JobState, *, line: str = "", level: str = "info", **fields: Any) -> bool:
        """Give the lease back and leave the job in ``state``, with a line in its log unless that repeats the last one.

        A job that a person paused or cancelled meanwhile stays so, and one that was asked for again starts over instead
        of ending. False when another worker has it: nothing is written then.
        """
        free = {"lease_holder": "", "lease_expires_at": None, "worked": self._worked()}
        with transaction.atomic():
            mine = self._mine()
            if state in ENDED and self._starts_over(free):
                line, level = f"{line} It was asked for again meanwhile, so it starts over.".strip(), "info"
            elif not mine.filter(state=JobState.RUNNING).update(
                state=state, **free, **fields
            ) and not mine.update(**free):
                return False
            if line and line[:500] != self.job.lines.values_list("text", flat=True).last():
                self.note(line, level=level)
            self.job.refresh_from_db()
            if self.job.state in signals.LEFT:
                signals.left.send(Job, job=self.job)
        return True

    def _starts_over(self, free: dict[str, Any]) -> bool:
        row = (
            self._mine().select_for_update().filter(state=JobState.RUNNING, asked_again__isnull=False).first()
        )
        if row is None:
            return False
        fresh: dict[str, Any] = {"cursor": {}, "done": 0, "failed": 0, "total": None, "asked_again": None}
        fresh |= {"attempts": 0, "waits": 0, "started_at": None, "problem": ""}
        self._mine().update(state=JobState.WAITING, arguments=row.asked_again, **fresh, **free)
        return True

    def _mine(self) -> "models.QuerySet[Job]":
        return Job.objects.filter(pk=self.job.pk, fence=self._fence)

    def _worked(self) -> models.expressions.CombinedExpression:
        since, self._counted_until = self._counted_until, time.monotonic()
        return F("worked") + (self._counted_until - since)


def _text(cursor: dict[str, Any]) -> str:
    """A cursor as text: it may be changed in place, so comparing it with itself would tell nothing."""
    return json.dumps(cursor, sort_keys=True)
