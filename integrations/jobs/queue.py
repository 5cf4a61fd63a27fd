"""Start, wake, pause, resume, cancel and retry jobs."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.connections.models import Connection, Installation
from integrations.jobs import kinds, signals, worker
from integrations.jobs.leases import due_jobs, release_dead_leases
from integrations.jobs.models import ACTIVE, Job, JobLine, JobState
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock

#: How often `start` tries again when another process started the same job at the same time and that job already ended.
START_ATTEMPTS = 5
_NO_WAIT: dict[str, Any] = {"waits_until": None, "waits_for": ""}


def start(
    kind: str,
    *,
    installation: Installation | None = None,
    connection: Connection | None = None,
    requested_by: User | None = None,
    arguments: dict[str, Any] | None = None,
) -> Job:
    """Start a job of ``kind``, or return the active one. Pass the connection or the installation, as the kind requires.

    A job that is already running may be past the requested work, so it runs again when it finishes. ``arguments`` hold
    only ids and numbers. Raise LookupError for an unregistered kind and TypeError for the wrong subject.
    """
    scope = _scope(kind, installation, connection)
    for attempt in range(START_ATTEMPTS):
        found = _join_active(scope, arguments or {})
        if found is not None:
            return found
        try:
            with transaction.atomic():
                job = Job.objects.create(
                    **scope,
                    organization_id=scope["installation"].organization_id,
                    requested_by=requested_by,
                    arguments=arguments or {},
                    created_at=clock.now(),
                )
        except IntegrityError:  # another process was faster, and its job may already have ended
            if attempt == START_ATTEMPTS - 1:
                raise
        else:
            _enqueue(job)
            return job
    raise AssertionError("unreachable")


def _scope(kind: str, installation: Installation | None, connection: Connection | None) -> dict[str, Any]:
    """Return the fields by which active jobs are unique."""
    given, other = (
        (connection, installation) if kinds.get(kind).per_connection else (installation, connection)
    )
    if given is None or other is not None:
        noun = "a connection" if kinds.get(kind).per_connection else "an installation"
        raise TypeError(f"A job of kind “{kind}” takes {noun} and nothing else.")
    if connection is not None:
        installation = connection.installation
    return {"kind": kind, "installation": installation, "connection": connection}


def _join_active(scope: dict[str, Any], wanted: dict[str, Any]) -> Job | None:
    """Add a request to the active job and return it. Return None if there is no active job."""
    with transaction.atomic():
        active = Job.objects.select_for_update().filter(**scope)
        found = active.filter(state__in=ACTIVE).first()
        if found is not None and found.started_at is None:
            found.arguments = _merge_arguments(found.arguments, wanted)
            found.save(update_fields=["arguments"])
        elif found is not None and (
            found.state == JobState.RUNNING or _merge_arguments(found.arguments, wanted) != found.arguments
        ):
            # a job between two slices only needs to run again for something it was not asked to do
            found.rerun_arguments = _merge_arguments(found.rerun_arguments or {}, wanted)
            found.save(update_fields=["rerun_arguments"])
    return found


def _merge_arguments(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Return arguments that cover both requests: a true value wins over a false one."""
    return one | {name: one.get(name) or value for name, value in other.items()}


def _enqueue(job: Job) -> None:
    """Queue the job when the transaction commits. The supervisor is the fallback, about a second later."""
    transaction.on_commit(lambda: worker.enqueue(job.pk))


def wake(connection: Connection) -> int:
    """Continue the waiting jobs of a connection now. Return how many."""
    return _wake(Job.objects.filter(connection=connection))


def wake_all(waits_for: str) -> int:
    """Continue all jobs now that wait for exactly this reason. Return how many."""
    return _wake(Job.objects.filter(waits_for=waits_for))


def _wake(jobs: QuerySet[Job]) -> int:
    at = clock.now()
    waiting = jobs.filter(state=JobState.WAITING, waits_until__gt=at)
    with transaction.atomic():
        found = list(waiting)
        woken = waiting.filter(pk__in=[job.pk for job in found]).update(waits_until=at, waits_for="")
    for job in found:
        _enqueue(job)
    return woken


def pause(job: Job, *, actor: User) -> bool:
    """Pause a job after its current step.

    Like the functions below, return False if the job is no longer in a state that allows this. Also return False for a
    kind that cannot be paused.
    """
    if not kinds.is_pausable(job.kind):
        return False
    return _change_state(
        job, [JobState.WAITING, JobState.RUNNING], JobState.PAUSED, actor, "paused", **_NO_WAIT
    )


def resume(job: Job, *, actor: User) -> bool:
    """Continue a paused job."""
    return _change_state(job, [JobState.PAUSED], JobState.WAITING, actor, "resumed", **_NO_WAIT)


def cancel(job: Job, *, actor: User) -> bool:
    """Cancel a job after its current step. Completed steps are not undone."""
    return _change_state(
        job, ACTIVE, JobState.CANCELED, actor, "canceled", finished_at=clock.now(), **_NO_WAIT
    )


def retry(job: Job, *, actor: User) -> bool:
    """Continue a failed or canceled job from its last step. Return False if another one is active."""
    fresh = {"problem": "", "attempts": 0, "wait_count": 0, "finished_at": None, **_NO_WAIT}
    try:
        return _change_state(
            job, [JobState.FAILED, JobState.CANCELED], JobState.WAITING, actor, "retried", **fresh
        )
    except IntegrityError:
        return False


def _change_state(
    job: Job, before: list[JobState], after: JobState, actor: User, done: str, **fields: Any
) -> bool:
    with transaction.atomic():
        moved = Job.objects.filter(pk=job.pk, state__in=before).update(state=after, **fields)
        if moved:
            JobLine.objects.create(job=job, at=clock.now(), text=f"A person {done} the job.")
            log.record(f"job.{done}", actor=actor, organization=job.organization, target=job)
        job.refresh_from_db()
        if moved and after in signals.STOPPED_STATES:
            signals.stopped.send(Job, job=job)
    if moved and after == JobState.WAITING:
        _enqueue(job)
    return bool(moved)


def run_now(job: Job) -> Job:
    """Run a job in this process as far as it goes without waiting. Return the updated row.

    A job that waits, or that a worker is running, is returned as it is.
    """
    release_dead_leases(clock.now())
    while due_jobs(clock.now()).filter(pk=job.pk).exists() and worker.advance(job.pk):
        continue
    job.refresh_from_db()
    return job
