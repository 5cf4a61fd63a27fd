"""Sync runs: passes of an installation's connections that belong together and are shown as one sync."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from integrations.connections.models import Connection, Installation
from integrations.directory.sync import jobs as sync
from integrations.jobs.models import Job, JobState

IN_PROGRESS = (JobState.RUNNING, JobState.WAITING)
#: The state of a run is the first of these that one of its passes is in.
_PRECEDENCE = (*IN_PROGRESS, JobState.DONE, JobState.FAILED, JobState.PAUSED, JobState.CANCELED)


@dataclass(frozen=True)
class SyncRun:
    """The jobs of a run, one for each connection."""

    jobs: tuple[Job, ...]

    @property
    def passes(self) -> int:
        return len(self.jobs)

    @property
    def ended(self) -> int:
        """Return how many passes have ended, whatever their result."""
        return sum(not job.is_active for job in self.jobs)

    @property
    def state(self) -> JobState:
        """Return the state: running or waiting while a pass is, done if one is done, else how they stopped."""
        states = {JobState(job.state) for job in self.jobs}
        return next(state for state in _PRECEDENCE if state in states)

    @property
    def is_active(self) -> bool:
        """Return whether a pass hasn't ended. Those left may all be paused."""
        return any(job.is_active for job in self.jobs)

    @property
    def is_paused(self) -> bool:
        """Return whether the run stands still until someone resumes it."""
        return {job.state for job in self.jobs if job.is_active} == {JobState.PAUSED}

    @property
    def done(self) -> int:
        """Return how many contacts have been read."""
        return sum(job.done for job in self.jobs)

    @property
    def failed(self) -> int:
        """Return how many records couldn't be stored."""
        return sum(job.failed for job in self.jobs)

    @property
    def total(self) -> int:
        """Return about how many contacts there are to read, as far as is known. 0 means unknown."""
        if any(job.is_active and job.done and not job.total for job in self.jobs):
            return 0
        return sum(max(job.total or 0, job.done) for job in self.jobs)

    @property
    def waits_for(self) -> str:
        """Return what the pass that continues next waits for. Empty if a pass isn't waiting."""
        return self._next.waits_for if self._next is not None else ""

    @property
    def waits_until(self) -> dt.datetime | None:
        """Return when the next pass continues."""
        return self._next.waits_until if self._next is not None else None

    @property
    def _next(self) -> Job | None:
        pending = [job for job in self.jobs if job.state in IN_PROGRESS]
        waits = [(job.waits_until, job.pk, job) for job in pending if job.waits_for and job.waits_until]
        return min(waits)[2] if waits and len(waits) == len(pending) else None

    @property
    def problems(self) -> tuple[Job, ...]:
        """Return the passes that failed."""
        return tuple(job for job in self.jobs if job.state == JobState.FAILED)

    @property
    def problem(self) -> str:
        """Return what went wrong in a sentence, with the number of failed connections if there are several."""
        if not self.problems:
            return ""
        first = self.problems[0].problem
        if self.passes == 1:
            return first
        return f"{len(self.problems)} of {self.passes} connections couldn't be synced. {first}"


def of(installation: Installation, *, through: Iterable[Connection] | None = None) -> SyncRun | None:
    """Return the active run, or else the latest one. Return None if there was none.

    The active run consists of every pass that runs or waits, and of those that were requested or ended since the first of
    them was requested. ``through`` limits it to passes of these connections.
    """
    jobs = Job.objects.filter(installation=installation, kind=sync.KIND, connection__isnull=False)
    if through is not None:
        jobs = jobs.filter(connection__in=list(through))
    first = (
        jobs.filter(state__in=IN_PROGRESS).order_by("created_at").first()
        or jobs.order_by("-created_at").first()
    )
    if first is None:
        return None
    since = first.created_at
    together = Q(state__in=IN_PROGRESS) | Q(created_at__gte=since) | Q(finished_at__gte=since)
    latest = {job.connection_id: job for job in jobs.filter(together).order_by("pk")}
    # the first one may have been deleted since it was read
    return SyncRun(tuple(latest.values())) if latest else None
