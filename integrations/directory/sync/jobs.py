"""The sync: jobs that mirror what working connections see, each one pass of one connection."""

from integrations.connections import lifecycle
from integrations.connections.models import Connection, Installation
from integrations.directory.sync.passes import Pass
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.jobs.run import Run
from integrations.total_expert import ReconnectRequired, Rejected
from portal.accounts.models import User
from portal.audit import log

KIND = "directory.sync"


def start(*, connection: Connection, requested_by: User | None = None, full: bool = False) -> Job:
    """Start a pass of a connection in the background; the one that is under way, if there is one.

    ``full`` reads everything. Otherwise it reads what changed since the last pass, unless there was none.
    """
    return queue.start(KIND, connection=connection, requested_by=requested_by, arguments={"full": full})


def request_sync(*, connection: Connection, actor: User, full: bool = False) -> Job:
    """Start a pass because somebody wants it now, and note it in the audit log. See `start`."""
    job = start(connection=connection, requested_by=actor, full=full)
    log.record("directory.sync", actor=actor, organization=connection.installation.organization, target=job)
    return job


def start_all(
    *, installation: Installation, requested_by: User | None = None, full: bool = False
) -> list[Job]:
    """Start a pass of each connection of an installation that may be mirrored. Answers their jobs, maybe none."""
    admitted = Connection.objects.admitted().filter(installation=installation).select_related("installation")
    return [start(connection=connection, requested_by=requested_by, full=full) for connection in admitted]


def advance(run: Run) -> bool:
    """One slice: go on with the pass. Raises TryLater when it must wait, Rejected or ReconnectRequired when refused."""
    connection = Connection.objects.select_related(
        "installation__environment", "installation__organization", "egress", "user"
    ).get(jobs=run.job.pk)
    try:
        lifecycle.require_usable(connection)
    except ReconnectRequired as closed:
        raise ReconnectRequired(f"{closed} What was mirrored stays.") from None
    if connection.admitted_at is None:
        raise ReconnectRequired(
            "This connection was not verified yet, so nothing is mirrored. Test it first."
        )
    reading = Pass(run, connection)
    try:
        return reading.advance()
    except (ReconnectRequired, Rejected) as refused:
        reading.fail(str(refused))
        raise
