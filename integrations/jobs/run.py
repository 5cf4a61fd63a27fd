"""One slice of a job: what the working code is handed, and what its outcome does to the job.

A slice begins by taking the job's lease with a higher fence, and every write of progress checks that fence in the
same transaction. A worker that was stopped and wakes up late finds its fence outdated and can write nothing.
"""

import datetime as dt
import logging
import os
import socket
import time
from typing import Any

from django.db import models, transaction
from django_q.tasks import async_task

from integrations.jobs import kinds
from integrations.jobs.models import Job, JobLine, State
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal import clock

logger = logging.getLogger(__name__)

#: How long one slice works before it lets others have their turn.
SLICE = 50.0
#: How long a lease lasts without a checkpoint: longer than one call with its timeouts and a token renewal.
LEASE = dt.timedelta(seconds=120)
ATTEMPTS = 5
BACKOFF = (5, 15, 60, 240)
LONGEST_WAIT = 3600.0


class LeaseLost(Exception):
    """Another worker has taken the job over: whatever this one was about to write must not be written."""


class StopRequested(Exception):
    """A person paused or cancelled the job."""


def holder() -> str:
    """This process, as leases name it: host and process id, and when the process began (ids come round again)."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{began(os.getpid())}"


def began(pid: int) -> str:
    """A mark of when a process of this host began, or "" when it is gone (elsewhere than on Linux: "-")."""
    if not os.path.isdir("/proc/self"):
        return "-"
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


class Run:
    """A slice under way. ``job`` is the row as it was when the slice began, ``cursor`` where it stands."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.cursor: dict[str, Any] = dict(job.cursor)
        self._fence = job.fence
        self._until = time.monotonic() + SLICE

    def time_left(self) -> bool:
        """Whether the slice may begin something more."""
        return time.monotonic() < self._until

    def checkpoint(
        self,
        *,
        cursor: dict[str, Any] | None = None,
        done: int | None = None,
        total: int | None = None,
        failed: int | None = None,
    ) -> None:
        """Commit progress, and renew the lease. Call it inside the transaction that writes the work itself.

        Raises LeaseLost, which rolls that transaction back, or StopRequested when a person paused or cancelled.
        """
        fields: dict[str, Any] = {"lease_expires_at": clock.now() + LEASE, "attempts": 0}
        given = {"cursor": cursor, "done": done, "total": total, "failed": failed}
        fields.update({name: value for name, value in given.items() if value is not None})
        with transaction.atomic():
            if not self._mine().filter(state=State.RUNNING).update(**fields):
                state = Job.objects.filter(pk=self.job.pk, fence=self._fence).values_list("state", flat=True).first()
                if state in (State.PAUSED, State.CANCELLED):
                    raise StopRequested
                raise LeaseLost
        if cursor is not None:
            self.cursor = dict(cursor)
        for name, value in given.items():
            if value is not None:
                setattr(self.job, name, value)

    def note(self, text: str, *, level: str = "info") -> None:
        """Add a line to the job's log. No personal data."""
        JobLine.objects.create(job=self.job, at=clock.now(), level=level, text=text[:500])

    def _mine(self) -> "models.QuerySet[Job]":
        return Job.objects.filter(pk=self.job.pk, fence=self._fence)

    def _end(self, state: State, **fields: Any) -> bool:
        """Leave the job in ``state``, unless somebody else has it or a person moved it meanwhile."""
        if state in (State.DONE, State.FAILED):
            fields |= {"finished_at": clock.now(), "waits_until": None, "waits_for": ""}
        return bool(
            self._mine()
            .filter(state=State.RUNNING)
            .update(state=state, lease_holder="", lease_expires_at=None, **fields)
        )

    def wait(self, seconds: float, sentence: str) -> None:
        """Put the job back, to go on in ``seconds``."""
        until = clock.now() + dt.timedelta(seconds=min(max(seconds, 1.0), LONGEST_WAIT))
        self._end(State.WAITING, waits_until=until, waits_for=sentence[:255])


def begin(job_id: int) -> Run | None:
    """Take a job that is due. None when it is not, or somebody else works on it."""
    at = clock.now()
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not is_due(job, at):
        return None
    taken = Job.objects.filter(pk=job.pk, fence=job.fence, state=job.state).update(
        state=State.RUNNING,
        fence=job.fence + 1,
        attempts=models.F("attempts") + 1,
        lease_holder=holder(),
        lease_expires_at=at + LEASE,
        started_at=job.started_at or at,
        waits_until=None,
        waits_for="",
    )
    if not taken:
        return None
    job.refresh_from_db()
    return Run(job)


def is_due(job: Job, at: dt.datetime) -> bool:
    """Whether a slice may begin: it waits and its time has come, or its worker is gone."""
    if job.state == State.WAITING:
        return job.waits_until is None or job.waits_until <= at
    return job.state == State.RUNNING and (job.lease_expires_at is None or job.lease_expires_at <= at)


def advance(job_id: int) -> bool:
    """Work on a job for one slice. False when there was nothing to do."""
    run = begin(job_id)
    if run is None:
        return False
    if run.job.attempts > ATTEMPTS:
        sentence = f"It stopped its worker {ATTEMPTS} times without getting any further."
        run.note(sentence, level="error")
        run._end(State.FAILED, problem=f"{sentence} The worker's log says more.")
        return True
    try:
        finished = kinds.get(run.job.kind).advance(run)
    except (LeaseLost, StopRequested):
        return True
    except TryLater as later:
        run.note(str(later), level="warning")
        run._mine().update(attempts=0)
        run.wait(later.after if later.after is not None else 30.0, str(later))
    except (ReconnectRequired, Rejected) as refused:
        run.note(str(refused), level="error")
        run._end(State.FAILED, problem=str(refused)[:500])
    except Exception as ours:
        _fail_or_repeat(run, ours)
    else:
        if finished:
            run._end(State.DONE, problem="")
        elif run._end(State.WAITING):
            async_task("integrations.jobs.run.advance", run.job.pk, q_options={"save": False})
    return True


def _fail_or_repeat(run: Run, ours: Exception) -> None:
    """An error of ours: told by its type only, since its text may hold anything; tried again a few times."""
    logger.error("Job %s (%s) failed in attempt %s", run.job.pk, run.job.kind, run.job.attempts, exc_info=ours)
    sentence = f"An error of ours ({type(ours).__name__})."
    run.note(sentence, level="error")
    if run.job.attempts >= ATTEMPTS:
        run._end(State.FAILED, problem=f"{sentence} Tried {ATTEMPTS} times. The worker's log says more.")
    else:
        run.wait(BACKOFF[min(run.job.attempts, len(BACKOFF)) - 1], f"{sentence} It is tried again.")
