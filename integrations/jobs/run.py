"""One slice of a job in progress, passed to the code that does the work.

A slice starts by taking the job's lease with a higher fence (a fencing token). Every write of progress checks the fence
in the same transaction, so a worker that was suspended and resumes late cannot write anything.
"""

import json
import time
from typing import Any

from django.db import models, transaction
from django.db.models import F

from integrations.jobs import signals
from integrations.jobs.leases import LEASE_DURATION
from integrations.jobs.models import Job, JobLine, JobState
from portal.core import clock

#: States in which `Run.release` ends a job.
FINISHED_STATES = (JobState.DONE, JobState.FAILED)
#: Seconds of work in one slice. Then other jobs get their turn.
SLICE_SECONDS = 50.0


class LeaseLost(Exception):
    """Another worker took over the job, so this one must not write anything more."""


class StopRequested(Exception):
    """A person paused or canceled the job, and it continued past a checkpoint that said so."""


class Run:
    """A slice in progress. ``job`` is the row as last written, ``cursor`` the position in the work."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cursor: dict[str, Any] = dict(job.cursor)
        self._saved_cursor = _serialized(job.cursor)
        self._fence = job.fence
        self._until = time.monotonic() + SLICE_SECONDS
        self._counted_until = time.monotonic()
        self._stopped = False

    def time_left(self) -> bool:
        """Return whether the slice may start another step. Call this before each step.

        Return False when the time is up or a person paused or canceled the job.
        """
        return not self._stopped and time.monotonic() < self._until

    @property
    def is_stopped(self) -> bool:
        """Return whether the last checkpoint found that a person paused or canceled the job."""
        return self._stopped

    def checkpoint(
        self,
        *,
        cursor: dict[str, Any] | None = None,
        done: int | None = None,
        total: int | None = None,
        failed: int | None = None,
    ) -> None:
        """Save progress and renew the lease. Call this inside the transaction that writes the work itself.

        Raise LeaseLost, which rolls back that transaction, if another worker took over the job. If a person paused or
        canceled the job, this step is still saved, because it may already have happened at Total Expert. From then on
        `time_left` returns False and the next checkpoint raises StopRequested.
        """
        if self._stopped:
            raise StopRequested
        counts = {"done": done, "total": total, "failed": failed}
        given: dict[str, Any] = {name: value for name, value in counts.items() if value is not None}
        moved = any(getattr(self.job, name) != value for name, value in given.items())
        if cursor is not None:
            given["cursor"] = cursor
            moved |= _serialized(cursor) != self._saved_cursor
        if moved:
            given |= {"attempts": 0, "wait_count": 0}
        with transaction.atomic():
            written = self._mine().update(
                lease_expires_at=clock.now() + LEASE_DURATION, work_seconds=self._work_seconds(), **given
            )
            if not written:
                raise LeaseLost
            self._stopped = self._mine().values_list("state", flat=True).get() != JobState.RUNNING
        for name, value in given.items():
            setattr(self.job, name, value)
        if cursor is not None:
            self.cursor, self._saved_cursor = dict(cursor), _serialized(cursor)

    def keep_lease(self) -> None:
        """Renew the lease in the middle of a long step. Raise LeaseLost if another worker took over the job."""
        if not self._mine().update(lease_expires_at=clock.now() + LEASE_DURATION):
            raise LeaseLost

    def log(self, text: str, *, level: str = "info") -> None:
        """Add a line to the job's log. It must not contain personal data."""
        JobLine.objects.create(job=self.job, at=clock.now(), level=level, text=text[:500])

    def release(self, state: JobState, *, line: str = "", level: str = "info", **fields: Any) -> bool:
        """Release the lease and put the job into ``state``. Log ``line`` unless it repeats the previous line.

        A job that a person paused or canceled meanwhile keeps that state. A job that was requested again restarts
        instead of ending. Return False, and write nothing, if another worker has taken over the job.
        """
        free = {"lease_holder": "", "lease_expires_at": None, "work_seconds": self._work_seconds()}
        with transaction.atomic():
            mine = self._mine()
            if state in FINISHED_STATES and self._restart(free):
                line, level = (
                    f"{line} The job was requested again while it ran, so it runs once more.".strip(),
                    "info",
                )
            elif not mine.filter(state=JobState.RUNNING).update(
                state=state, **free, **fields
            ) and not mine.update(**free):
                return False
            if line and line[:500] != self.job.lines.values_list("text", flat=True).last():
                self.log(line, level=level)
            self.job.refresh_from_db()
            if self.job.state in signals.STOPPED_STATES:
                signals.stopped.send(Job, job=self.job)
        return True

    def _restart(self, free: dict[str, Any]) -> bool:
        row = (
            self._mine()
            .select_for_update()
            .filter(state=JobState.RUNNING, rerun_arguments__isnull=False)
            .first()
        )
        if row is None:
            return False
        fresh: dict[str, Any] = {"cursor": {}, "done": 0, "failed": 0, "total": None, "rerun_arguments": None}
        fresh |= {"attempts": 0, "wait_count": 0, "started_at": None, "problem": ""}
        self._mine().update(state=JobState.WAITING, arguments=row.rerun_arguments, **fresh, **free)
        return True

    def _mine(self) -> "models.QuerySet[Job]":
        return Job.objects.filter(pk=self.job.pk, fence=self._fence)

    def _work_seconds(self) -> models.expressions.CombinedExpression:
        since, self._counted_until = self._counted_until, time.monotonic()
        return F("work_seconds") + (self._counted_until - since)


def _serialized(cursor: dict[str, Any]) -> str:
    """Return a cursor as text, to detect changes made in place."""
    return json.dumps(cursor, sort_keys=True)
