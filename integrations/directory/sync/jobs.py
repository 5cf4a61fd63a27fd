"""The sync job: each job is one pass that copies what one connection sees."""

from integrations.connections import lifecycle
from integrations.connections.models import Connection, Installation
from integrations.directory.sync.passes import Pass
from integrations.directory.sync.steps import sequence
from integrations.jobs import queue
from integrations.jobs.models import ACTIVE, Job
from integrations.jobs.run import Run
from integrations.total_expert import ReconnectRequired, Rejected
from portal.accounts.models import User
from portal.audit import log

KIND = "directory.sync"


def start(*, connection: Connection, requested_by: User | None = None, full: bool = False) -> Job:
    """Start a pass of a connection in the background, and return its job. Return the active one if there is one.

    ``full`` reads everything. Otherwise the pass reads what changed since the last one, or everything the first time.
    """
    return queue.start(KIND, connection=connection, requested_by=requested_by, arguments={"full": full})


def request_sync(*, connection: Connection, actor: User, full: bool = False) -> Job:
    """Start a pass at a person's request. See `start`.

    The audit log records requests that start a pass, or change what an active one will do. Others change nothing.
    """
    before = _requested(connection)
    job = start(connection=connection, requested_by=actor, full=full)
    if _requested(connection) != before:
        log.record(
            "directory.sync", actor=actor, organization=connection.installation.organization, target=job
        )
    return job


def _requested(connection: Connection) -> tuple[object, ...] | None:
    """Return what the active pass of a connection was asked to do, or None if there is none."""
    active = Job.objects.filter(connection=connection, kind=KIND, state__in=ACTIVE)
    return active.values_list("pk", "arguments", "rerun_arguments").first()


def start_all(
    *, installation: Installation, requested_by: User | None = None, full: bool = False
) -> list[Job]:
    """Start a pass of each admitted connection of an installation. Return their jobs, which may be none."""
    admitted = Connection.objects.admitted().filter(installation=installation).select_related("installation")
    return [start(connection=connection, requested_by=requested_by, full=full) for connection in admitted]


def advance(run: Run) -> bool:
    """Run one slice of the job. Return whether the pass is complete.

    Raise TryLater if it must wait, and Rejected or ReconnectRequired if Total Expert refuses.
    """
    connection = Connection.objects.select_related(
        "installation__environment", "installation__organization", "egress", "user"
    ).get(jobs=run.job.pk)
    try:
        lifecycle.require_usable(connection)
    except ReconnectRequired as closed:
        raise ReconnectRequired(f"{closed} Synced contacts stay in the portal.") from None
    if connection.admitted_at is None:
        raise ReconnectRequired("This connection hasn't been verified yet. Test it before you sync.")
    pass_ = Pass(run, connection)
    try:
        return sequence.advance(pass_)
    except (ReconnectRequired, Rejected) as refused:
        pass_.fail(str(refused))
        raise
