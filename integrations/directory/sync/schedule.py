"""Keeping mirrors fresh: the passes that are due are started by themselves, the stalest first."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q

from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs.models import ACTIVE, Job, JobState
from portal.core import clock

NAME = "directory.freshness"
EVERY = dt.timedelta(minutes=5)
#: What a working connection sees is read again when it was last read this long ago.
STALE_AFTER = dt.timedelta(hours=6)
#: Half as long is enough while the connection holds a token that is good for as long as this: it is there, so it is used.
USABLE = dt.timedelta(minutes=10)
#: Passes that are started at a time: they wait for tokens anyhow.
AT_ONCE = 20
STOPPED = [JobState.FAILED, JobState.CANCELED]
#: A pass that failed or was canceled is left alone for so long, and lets others have their turn.
AGAIN_AFTER = dt.timedelta(hours=1)


def start_due_syncs() -> None:
    """Start the passes that are due."""
    for connection in due():
        jobs.start(connection=connection)


def due() -> list[Connection]:
    """The connections whose pass is due, the stalest first: those that were never read, then by age."""
    at = clock.now()
    read_at = F("sync_state__finished_at")
    has_token = Q(token__access_token__isnull=False, token__access_expires_at__gte=at + USABLE)
    stale = Q(sync_state__finished_at=None) | Q(sync_state__finished_at__lt=at - STALE_AFTER)
    stale |= has_token & Q(sync_state__finished_at__lt=at - STALE_AFTER / 2)
    tried = Q(state__in=ACTIVE) | Q(state__in=STOPPED, finished_at__gt=at - AGAIN_AFTER)
    lately = Job.objects.filter(tried, connection=OuterRef("pk"), kind=jobs.KIND)
    rows = Connection.objects.admitted().filter(stale).exclude(Exists(lately)).select_related("installation")
    return list(rows.order_by(read_at.asc(nulls_first=True), "created_at")[:AT_ONCE])
