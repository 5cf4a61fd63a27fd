"""Rounds: the passes of an installation's connections that belong together, told as one sync."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from integrations.connections.models import Connection, Installation
from integrations.directory.sync import jobs as sync
from integrations.jobs.models import Job, JobState

GOING = (JobState.RUNNING, JobState.WAITING)
#: A round stands as its passes do; where these differ, the first of these that one of them is in tells.
_FIRST = (*GOING, JobState.DONE, JobState.FAILED, JobState.PAUSED, JobState.CANCELED)


@dataclass(frozen=True)
class Round:
    """The jobs of a round, one a connection."""

    jobs: tuple[Job, ...]

    @property
    def passes(self) -> int:
        return len(self.jobs)

    @property
    def ended(self) -> int:
        """Passes that are over, however they ended."""
        return sum(not job.is_active for job in self.jobs)

    @property
    def state(self) -> JobState:
        """Running or waiting while a pass is; done when one is done; else how they stopped."""
        states = {JobState(job.state) for job in self.jobs}
        return next(state for state in _FIRST if state in states)

    @property
    def is_active(self) -> bool:
        """Whether a pass is not over; of those left all may be paused."""
        return any(job.is_active for job in self.jobs)

    @property
    def is_paused(self) -> bool:
        """Whether nothing goes on until somebody resumes it."""
        return {job.state for job in self.jobs if job.is_active} == {JobState.PAUSED}

    @property
    def done(self) -> int:
        """Contacts read."""
        return sum(job.done for job in self.jobs)

    @property
    def failed(self) -> int:
        """Records that could not be stored."""
        return sum(job.failed for job in self.jobs)

    @property
    def total(self) -> int:
        """About how many contacts there are to read, as far as is known."""
        return sum(max(job.total or 0, job.done) for job in self.jobs)

    @property
    def waits_for(self) -> str:
        """What the next pass to go on waits for; "" while one does not wait."""
        return self._next.waits_for if self._next is not None else ""

    @property
    def waits_until(self) -> dt.datetime | None:
        """When the next pass goes on."""
        return self._next.waits_until if self._next is not None else None

    @property
    def _next(self) -> Job | None:
        going = [job for job in self.jobs if job.state in GOING]
        waits = [(job.waits_until, job.pk, job) for job in going if job.waits_for and job.waits_until]
        return min(waits)[2] if waits and len(waits) == len(going) else None

    @property
    def problems(self) -> tuple[Job, ...]:
        """The passes that failed."""
        return tuple(job for job in self.jobs if job.state == JobState.FAILED)

    @property
    def problem(self) -> str:
        """What went wrong, in a sentence; with several connections also of how many."""
        if not self.problems:
            return ""
        said = self.problems[0].problem
        if self.passes == 1:
            return said
        return f"{len(self.problems)} of {self.passes} connections could not be synced. {said}"


def of(installation: Installation, *, through: Iterable[Connection] | None = None) -> Round | None:
    """The round under way: every pass that runs or waits, and what was asked for or ended since the first of these was.

    When none is, the latest one. ``through``: only passes of these connections. None: there was none.
    """
    jobs = Job.objects.filter(installation=installation, kind=sync.KIND, connection__isnull=False)
    if through is not None:
        jobs = jobs.filter(connection__in=list(through))
    first = (
        jobs.filter(state__in=GOING).order_by("created_at").first() or jobs.order_by("-created_at").first()
    )
    if first is None:
        return None
    since = first.created_at
    together = Q(state__in=GOING) | Q(created_at__gte=since) | Q(finished_at__gte=since)
    latest = {job.connection_id: job for job in jobs.filter(together).order_by("pk")}
    # the first one may have been deleted since it was read
    return Round(tuple(latest.values())) if latest else None
