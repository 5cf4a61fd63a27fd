"""Whether a connection has read all changes until a time, and starting the pass that reads them."""

import datetime as dt

from integrations.connections.models import Connection
from integrations.directory.models import SyncState
from integrations.directory.sync import jobs
from integrations.jobs.models import Job, JobState
from integrations.total_expert import Rejected, TryLater

#: Seconds between looks at the pass.
WAIT = 3.0
_STOPPED = {
    JobState.FAILED: "Recent changes couldn't be read, so nothing was sent. Sync the contacts, then try again.",
    JobState.CANCELED: "The sync that reads recent changes was canceled, so nothing was sent. Try again to start another.",
    JobState.PAUSED: "The sync of the contacts is paused, so nothing was sent. Resume it, then try again.",
}


def has_read_changes_until(connection: Connection, at: dt.datetime) -> bool:
    """Return whether a complete pass of this connection began at this time or later."""
    state = SyncState.objects.filter(connection=connection).first()
    return state is not None and state.covers_until is not None and at <= state.covers_until


def require(connection: Connection, at: dt.datetime, *, since: dt.datetime) -> None:
    """Raise TryLater until a complete pass that began at ``at`` or later has ended. Start one if none is on its way.

    Raise Rejected if a pass that ended or was paused after ``since`` didn't complete.
    """
    if has_read_changes_until(connection, at):
        return
    latest = Job.objects.filter(connection=connection, kind=jobs.KIND).order_by("-pk").first()
    if latest is not None and latest.state in _STOPPED:
        is_news = latest.state == JobState.PAUSED or (latest.finished_at or since) > since
        if is_news:
            raise Rejected([_STOPPED[JobState(latest.state)]])
    jobs.start(connection=connection)
    raise TryLater("Reading recent changes first, so that none is overwritten.", after=WAIT)
