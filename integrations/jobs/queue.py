"""Starting, pausing, resuming, cancelling and repeating jobs."""

from typing import Any

from django.db import IntegrityError, transaction
from django_q.tasks import async_task

from integrations.connections.models import Connection, Installation
from integrations.jobs import kinds
from integrations.jobs.models import ACTIVE, Job, JobLine, State
from portal import clock
from portal.audit import log
from portal.organizations.models import User


def start(
    kind: str,
    *,
    installation: Installation,
    connection: Connection | None = None,
    asked_by: User | None = None,
    arguments: dict[str, Any] | None = None,
) -> Job:
    """Start a job of ``kind`` for an installation, or answer the one that is active already."""
    kinds.get(kind)
    active = Job.objects.filter(installation=installation, kind=kind, state__in=ACTIVE)
    found = active.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                installation=installation,
                organization_id=installation.organization_id,
                connection=connection,
                asked_by=asked_by,
                arguments=arguments or {},
                created_at=clock.now(),
            )
    except IntegrityError:
        return active.get()
    enqueue(job)
    return job


def enqueue(job: Job) -> None:
    """Hand the job's id to the workers once the transaction is committed. More often than needed does no harm."""
    transaction.on_commit(lambda: async_task("integrations.jobs.run.advance", job.pk, q_options={"save": False}))


def pause(job: Job, *, actor: User) -> bool:
    """Stop after the current step; it can be resumed."""
    return _move(job, [State.WAITING, State.RUNNING], State.PAUSED, actor)


def resume(job: Job, *, actor: User) -> bool:
    """Go on where it was paused."""
    return _move(job, [State.PAUSED], State.WAITING, actor, waits_until=None, waits_for="")


def cancel(job: Job, *, actor: User) -> bool:
    """Stop for good after the current step. What is done stays done."""
    return _move(job, ACTIVE, State.CANCELLED, actor, finished_at=clock.now())


def retry(job: Job, *, actor: User) -> bool:
    """Go on with a job that failed or was cancelled, from where it stands. False when another one is active."""
    fresh = {"problem": "", "attempts": 0, "finished_at": None, "waits_until": None, "waits_for": ""}
    try:
        return _move(job, [State.FAILED, State.CANCELLED], State.WAITING, actor, **fresh)
    except IntegrityError:
        return False


def _move(job: Job, before: list[State], after: State, actor: User, **fields: Any) -> bool:
    with transaction.atomic():
        moved = Job.objects.filter(pk=job.pk, state__in=before).update(state=after, **fields)
        if moved:
            verb = {State.PAUSED: "paused", State.WAITING: "resumed", State.CANCELLED: "cancelled"}[after]
            JobLine.objects.create(job=job, at=clock.now(), text=f"A person {verb} it.")
            log.record(f"job.{verb}", actor=actor, organization=job.organization, target=job)
    job.refresh_from_db()
    if moved and after == State.WAITING:
        enqueue(job)
    return bool(moved)


def run_now(job: Job) -> Job:
    """Move a job on in this process, as far as it goes without waiting. Answers the row as it is then."""
    from integrations.jobs.run import advance

    while advance(job.pk):
        job.refresh_from_db()
        if job.state != State.WAITING or job.waits_until is not None:
            break
    job.refresh_from_db()
    return job
