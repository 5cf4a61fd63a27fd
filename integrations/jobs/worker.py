"""The task that runs one slice of a job and handles its outcome."""

import datetime as dt
import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django_q.tasks import async_task

from integrations.connections import call_log, lifecycle
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, Token
from integrations.jobs import kinds, outages
from integrations.jobs.leases import LEASE_DURATION, MAX_WAIT, due_jobs, process_name
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import LeaseLost, Run, StopRequested
from integrations.total_expert import ReconnectRequired, Rejected, TryLater
from portal.core import clock
from portal.encryption.cipher import DecryptionError

logger = logging.getLogger(__name__)

#: Slices without progress before a job fails, and the seconds to wait before each retry.
MAX_ATTEMPTS = 5
BACKOFF = (5, 15, 60, 240)
#: Seconds to wait if the error does not say how long. Doubled after each wait without progress, up to the maximum.
FIRST_WAIT, LONGEST_WAIT = 15.0, 900.0
#: Waits are counted up to this number, enough for the longest wait.
MAX_WAIT_COUNT = 1000


def enqueue(job_id: int) -> None:
    """Queue a job's id for the workers. Queueing it twice does no harm."""
    async_task("integrations.jobs.worker.advance", job_id, q_options={"save": False})


def claim(job_id: int) -> Run | None:
    """Take the lease of a due job. Return None if it is not due or another worker has it."""
    at = clock.now()
    job = due_jobs(at).filter(pk=job_id).first()
    if job is None:
        return None
    # compare-and-swap: taking, renewing or releasing a lease changes at least one of these fields
    unchanged = Job.objects.filter(
        pk=job.pk, fence=job.fence, state=job.state, lease_expires_at=job.lease_expires_at
    )
    fields: dict[str, Any] = {
        "state": JobState.RUNNING,
        "fence": job.fence + 1,
        "attempts": job.attempts + 1,
        "lease_holder": process_name(),
        "lease_expires_at": at + LEASE_DURATION,
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
    """Run one slice of a job. Return False if there was nothing to do.

    If the database becomes unavailable, wait for it. The job then continues from its last saved step.
    """
    try:
        run = claim(job_id)
        if run is None:
            return False
        _advance(run)
    except (OperationalError, InterfaceError) as error:
        if not outages.is_outage(error):
            raise
        outages.release_after(job_id)
    return True


def _advance(run: Run) -> None:
    if run.job.attempts > MAX_ATTEMPTS:
        sentence = (
            f"The worker crashed or hung {MAX_ATTEMPTS} times without progress, so the job was stopped."
        )
        _fail(run, f"{sentence} Completed steps are saved. See the worker's log for details.")
        return
    try:
        kind = kinds.get(run.job.kind)
        if kind.per_connection and run.job.connection_id is None:
            raise Rejected(["The connection was deleted, so there is nothing left to do."])
        with call_log.attribute_to_job(run.job.pk):
            finished = kind.advance(run)
    except LeaseLost:
        return
    except StopRequested:
        run.release(JobState.WAITING)
    except TryLater as later:
        _wait(run, later)
    except (ReconnectRequired, Rejected) as refused:
        _fail(run, str(refused))
    except DecryptionError as error:
        # not a client error: handling it as one would change the connection's state or discard entered credentials
        logger.error(
            "Job %s (%s) needs a stored secret that cannot be decrypted",
            run.job.pk,
            run.job.kind,
            exc_info=error,
        )
        _fail(run, error.public_message)
    except Exception as error:
        if outages.is_outage(error):
            raise
        _fail_or_retry(run, error)
    else:
        if finished:
            run.release(JobState.DONE, finished_at=clock.now(), problem="")
        else:
            # jobs that are already due go first
            run.release(JobState.WAITING, waits_until=clock.now())


def _wait(run: Run, later: TryLater) -> None:
    """Wait as long as the error says, or a little longer each time. This does not count as an attempt."""
    seconds = later.after
    if seconds is None:
        seconds = min(FIRST_WAIT * 2 ** min(run.job.wait_count, 16), LONGEST_WAIT)
    attempts = max(run.job.attempts - 1, 0)
    _reschedule(
        run,
        seconds,
        str(later),
        level="warning",
        attempts=attempts,
        wait_count=min(run.job.wait_count + 1, MAX_WAIT_COUNT),
    )
    if _can_continue_now(later, run.job):
        # it became available after the slice failed and before the job was waiting
        Job.objects.filter(pk=run.job.pk, state=JobState.WAITING).update(
            waits_until=clock.now(), waits_for=""
        )


def _can_continue_now(later: TryLater, job: Job) -> bool:
    """Return whether what the job waits for is already there: a fresh token, or the end of a pause."""
    connection = job.connection
    if connection is None:
        return False
    if isinstance(later, lifecycle.ConnectionPaused):
        return not Connection.objects.filter(pk=connection.pk, state=ConnectionState.PAUSED).exists()
    if not isinstance(later, ledger.NoSlot) or not later.is_renewal:
        return False
    token = Token.objects.filter(connection=connection).first()
    return token is not None and token.is_fresh(clock.now())


def _fail_or_retry(run: Run, error: Exception) -> None:
    """Retry after an internal error, a few times. Show only its type: its text may contain personal data."""
    logger.error(
        "Job %s (%s) failed in attempt %s", run.job.pk, run.job.kind, run.job.attempts, exc_info=error
    )
    sentence = f"Internal error ({type(error).__name__})."
    if run.job.attempts >= MAX_ATTEMPTS:
        _fail(
            run,
            f"{sentence} Tried {MAX_ATTEMPTS} times. Completed steps are saved. See the worker's log for details.",
        )
    else:
        _reschedule(run, BACKOFF[max(run.job.attempts, 1) - 1], f"{sentence} Retrying.", level="error")


def _reschedule(run: Run, seconds: float, sentence: str, *, level: str, **fields: int) -> None:
    until = clock.now() + min(dt.timedelta(seconds=max(min(seconds, 1e6), 1.0)), MAX_WAIT)
    run.release(
        JobState.WAITING, line=sentence, level=level, waits_until=until, waits_for=sentence[:255], **fields
    )


def _fail(run: Run, sentence: str) -> None:
    run.release(
        JobState.FAILED,
        line=sentence,
        level="error",
        problem=sentence[:500],
        finished_at=clock.now(),
        attempts=0,
    )
