"""Starting, waking, pausing, resuming, cancelling and repeating jobs."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from integrations.connections.models import Connection, Installation
from integrations.jobs import kinds, signals, worker
from integrations.jobs.leases import due, free_those_of_the_dead
from integrations.jobs.models import ACTIVE, Job, JobLine, JobState
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock

#: How often `start` may meet a job that somebody else started in the same moment and that ended right away.
RACES = 5
_NO_WAIT: dict[str, Any] = {"waits_until": None, "waits_for": ""}


def start(
    kind: str,
    *,
    installation: Installation | None = None,
    connection: Connection | None = None,
    asked_by: User | None = None,
    arguments: dict[str, Any] | None = None,
) -> Job:
    """Start a job of ``kind`` for a connection or for an installation, whichever the kind is of, or answer the one that
    is active already.

    One that a worker has may have passed what this is asked for: it starts over when it is done. ``arguments`` hold ids
    and numbers only. Raises LookupError for a kind that nobody registered, TypeError for the wrong one of the two.
    """
    work = _work(kind, installation, connection)
    for chance in range(RACES):
        found = _join(work, arguments or {})
        if found is not None:
            return found
        try:
            with transaction.atomic():
                job = Job.objects.create(
                    **work,
                    organization_id=work["installation"].organization_id,
                    asked_by=asked_by,
                    arguments=arguments or {},
                    created_at=clock.now(),
                )
        except IntegrityError:  # somebody else was faster, and theirs may have ended again already
            if chance == RACES - 1:
                raise
        else:
            _enqueue(job)
            return job
    raise AssertionError("unreachable")


def _work(kind: str, installation: Installation | None, connection: Connection | None) -> dict[str, Any]:
    """What tells the work of one active job from another's."""
    given, other = (connection, installation) if kinds.get(kind).of_connection else (installation, connection)
    if given is None or other is not None:
        noun = "a connection" if kinds.get(kind).of_connection else "an installation"
        raise TypeError(f"Jobs of kind “{kind}” are started for {noun}, and for nothing else.")
    if connection is not None:
        installation = connection.installation
    return {"kind": kind, "installation": installation, "connection": connection}


def _join(work: dict[str, Any], wanted: dict[str, Any]) -> Job | None:
    """The active job, told what is wanted of it as well; None when there is none."""
    with transaction.atomic():
        active = Job.objects.select_for_update().filter(**work)
        found = active.filter(state__in=ACTIVE).first()
        if found is not None and found.started_at is None:
            found.arguments = _both(found.arguments, wanted)
            found.save(update_fields=["arguments"])
        elif found is not None and (
            found.state == JobState.RUNNING or _both(found.arguments, wanted) != found.arguments
        ):
            # between two slices the next one sees what is there by then
            found.asked_again = _both(found.asked_again or {}, wanted)
            found.save(update_fields=["asked_again"])
    return found


def _both(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Arguments that say what either says: “everything” stays, whoever else asks for less."""
    return one | {name: one.get(name) or value for name, value in other.items()}


def _enqueue(job: Job) -> None:
    """Hand the job over once the transaction is committed. The supervisor would too, a second later."""
    transaction.on_commit(lambda: worker.hand_over(job.pk))


def wake(connection: Connection) -> int:
    """Have the jobs of a connection that wait until later go on now: it has what they wait for. Answers how many."""
    return _wake(Job.objects.filter(connection=connection))


def wake_all(waits_for: str) -> int:
    """Have all jobs that wait until later for this, in this very sentence, go on now. Answers how many."""
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
    """Stop after the current step; it can be resumed. False when it had moved on meanwhile, as with the others, or is
    of a kind that nobody pauses.
    """
    if not kinds.is_pausable(job.kind):
        return False
    return _move(job, [JobState.WAITING, JobState.RUNNING], JobState.PAUSED, actor, "paused", **_NO_WAIT)


def resume(job: Job, *, actor: User) -> bool:
    """Go on where it was paused."""
    return _move(job, [JobState.PAUSED], JobState.WAITING, actor, "resumed", **_NO_WAIT)


def cancel(job: Job, *, actor: User) -> bool:
    """Stop for good after the current step. What is done stays done."""
    return _move(job, ACTIVE, JobState.CANCELLED, actor, "cancelled", finished_at=clock.now(), **_NO_WAIT)


def retry(job: Job, *, actor: User) -> bool:
    """Go on with a job that failed or was cancelled, from where it stands. False when another one is active."""
    fresh = {"problem": "", "attempts": 0, "waits": 0, "finished_at": None, **_NO_WAIT}
    try:
        return _move(job, [JobState.FAILED, JobState.CANCELLED], JobState.WAITING, actor, "retried", **fresh)
    except IntegrityError:
        return False


def _move(job: Job, before: list[JobState], after: JobState, actor: User, done: str, **fields: Any) -> bool:
    with transaction.atomic():
        moved = Job.objects.filter(pk=job.pk, state__in=before).update(state=after, **fields)
        if moved:
            JobLine.objects.create(job=job, at=clock.now(), text=f"A person {done} it.")
            log.record(f"job.{done}", actor=actor, organization=job.organization, target=job)
        job.refresh_from_db()
        if moved and after in signals.LEFT:
            signals.left.send(Job, job=job)
    if moved and after == JobState.WAITING:
        _enqueue(job)
    return bool(moved)


def run_now(job: Job) -> Job:
    """Move a job on in this process, as far as it goes without waiting. Answers the row as it is then.

    Never sleeps: a job that waits, or that a worker has at the moment, is answered as it is.
    """
    free_those_of_the_dead(clock.now())
    while due(clock.now()).filter(pk=job.pk).exists() and worker.advance(job.pk):
        continue
    job.refresh_from_db()
    return job
