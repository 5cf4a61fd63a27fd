"""Working on jobs: the task that moves a job on by one slice, and what each outcome of a slice does to the job."""

import datetime as dt
import logging
from typing import Any

from django_q.tasks import async_task

from integrations.connections import call_log, lifecycle
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, Token
from integrations.connections.tokens import access
from integrations.jobs import kinds
from integrations.jobs.leases import LEASE, LOOK_AGAIN, due, holder
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import LeaseLost, Run, StopRequested
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal.core import clock
from portal.encryption.fields import DecryptionError

logger = logging.getLogger(__name__)

#: Slices without progress until a job counts as failed, and the seconds before each next one.
ATTEMPTS = 5
BACKOFF = (5, 15, 60, 240)
#: Seconds to wait when nobody said how long: doubled each time without progress, up to the longest.
FIRST_WAIT, LONGEST_WAIT = 15.0, 900.0
#: Waits are counted up to here: enough for the longest wait.
MOST_WAITS = 1000


def hand_over(job_id: int) -> None:
    """Put a job's id into the queue of the workers. More often than needed does no harm."""
    async_task("integrations.jobs.worker.advance", job_id, q_options={"save": False})


def begin(job_id: int) -> Run | None:
    """Take a job that is due. None when it is not, or somebody else works on it."""
    at = clock.now()
    job = due(at).filter(pk=job_id).first()
    if job is None:
        return None
    # whoever takes, renews or gives back a lease changes one of these, so what was read is what is taken
    unchanged = Job.objects.filter(
        pk=job.pk, fence=job.fence, state=job.state, lease_expires_at=job.lease_expires_at
    )
    fields: dict[str, Any] = {
        "state": JobState.RUNNING,
        "fence": job.fence + 1,
        "attempts": job.attempts + 1,
        "lease_holder": holder(),
        "lease_expires_at": at + LEASE,
        "started_at": job.started_at or at,
        "waits_until": None,
        "waits_for": "",
    }
    if not unchanged.update(**fields):
        return None
    for name, value in fields.items():
        setattr(job, name, value)
    return Run(job)


def advance(job_id: int) -> bool:
    """Work on a job for one slice. False when there was nothing to do."""
    run = begin(job_id)
    if run is None:
        return False
    if run.job.attempts > ATTEMPTS:
        sentence = f"Its worker died or hung {ATTEMPTS} times without getting any further, so it was stopped."
        _fail(run, f"{sentence} What is done stays done. The worker's log says more.")
        return True
    try:
        kind = kinds.get(run.job.kind)
        if kind.of_connection and run.job.connection_id is None:
            raise Rejected(["The connection that it worked for is gone, so nothing is left to do."])
        with call_log.made_for(run.job.pk):
            finished = kind.advance(run)
    except LeaseLost:
        return True
    except StopRequested:
        run.leave(JobState.WAITING)
    except TryLater as later:
        _wait(run, later)
    except (ReconnectRequired, Rejected) as refused:
        _fail(run, str(refused))
    except DecryptionError as closed:
        # no error of the client's: whoever handles those would change a connection's state or forget what was entered
        logger.error(
            "Job %s (%s) needs a stored secret that does not open", run.job.pk, run.job.kind, exc_info=closed
        )
        _fail(run, closed.told)
    except Exception as ours:
        _fail_or_repeat(run, ours)
    else:
        if finished:
            run.leave(JobState.DONE, finished_at=clock.now(), problem="")
        else:
            # behind those that are due already
            run.leave(JobState.WAITING, waits_until=clock.now())
    return True


def _wait(run: Run, later: TryLater) -> None:
    """Come back when the other side said, or a little later each time. That uses up no attempt."""
    seconds = later.after
    if seconds is None:
        seconds = min(FIRST_WAIT * 2 ** min(run.job.waits, 16), LONGEST_WAIT)
    attempts = max(run.job.attempts - 1, 0)
    _put_back(
        run, seconds, str(later), level="warning", attempts=attempts, waits=min(run.job.waits + 1, MOST_WAITS)
    )
    if _has_come(later, run.job):
        # in the moment in which nothing waited that could be woken
        Job.objects.filter(pk=run.job.pk, state=JobState.WAITING).update(
            waits_until=clock.now(), waits_for=""
        )


def _has_come(later: TryLater, job: Job) -> bool:
    """Whether what the job waits for is there: a token that came for another job, or the end of a pause."""
    connection = job.connection
    if connection is None:
        return False
    if isinstance(later, lifecycle.Paused):
        return not Connection.objects.filter(pk=connection.pk, state="paused").exists()
    if not isinstance(later, ledger.NoSlot) or not later.renews:
        return False
    token = Token.objects.filter(connection=connection).first()
    return token is not None and token.is_fresh(clock.now(), access.SAFETY)


def _fail_or_repeat(run: Run, ours: Exception) -> None:
    """An error of ours: told by its type only, since its text may hold anything; tried again a few times."""
    logger.error(
        "Job %s (%s) failed in attempt %s", run.job.pk, run.job.kind, run.job.attempts, exc_info=ours
    )
    sentence = f"An error of ours ({type(ours).__name__})."
    if run.job.attempts >= ATTEMPTS:
        _fail(run, f"{sentence} Tried {ATTEMPTS} times. What is done stays done. The worker's log says more.")
    else:
        _put_back(run, BACKOFF[max(run.job.attempts, 1) - 1], f"{sentence} It is tried again.", level="error")


def _put_back(run: Run, seconds: float, sentence: str, *, level: str, **fields: int) -> None:
    until = clock.now() + min(dt.timedelta(seconds=max(min(seconds, 1e6), 1.0)), LOOK_AGAIN)
    run.leave(
        JobState.WAITING, line=sentence, level=level, waits_until=until, waits_for=sentence[:255], **fields
    )


def _fail(run: Run, sentence: str) -> None:
    run.leave(
        JobState.FAILED,
        line=sentence,
        level="error",
        problem=sentence[:500],
        finished_at=clock.now(),
        attempts=0,
    )
