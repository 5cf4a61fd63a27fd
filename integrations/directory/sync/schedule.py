"""The sync schedule: start passes that are due, the connections synced longest ago first."""

import datetime as dt

from django.db.models import Exists, F, OuterRef, Q

from integrations.connections.models import Connection
from integrations.directory.sync import jobs
from integrations.jobs.models import ACTIVE, Job, JobState
from portal.core import clock

NAME = "directory.freshness"
EVERY = dt.timedelta(minutes=5)
#: A working connection is synced again after this long.
STALE_AFTER = dt.timedelta(hours=6)
#: Half of that is enough while the connection holds an access token that stays valid for this long: using it is free.
USABLE = dt.timedelta(minutes=10)
#: How many passes are started at a time. They wait for tokens anyway.
AT_ONCE = 20
STOPPED = [JobState.FAILED, JobState.CANCELED]
#: A pass that failed or was canceled isn't started again for this long, so that it doesn't hold up others.
AGAIN_AFTER = dt.timedelta(hours=1)


def start_due_syncs() -> None:
    """Start the passes that are due."""
    for connection in due():
        jobs.start(connection=connection)


def due() -> list[Connection]:
    """Return the connections whose pass is due: those that were never synced, then those synced longest ago."""
    at = clock.now()
    read_at = F("sync_state__finished_at")
    has_token = Q(token__access_token__isnull=False, token__access_expires_at__gte=at + USABLE)
    stale = Q(sync_state__finished_at=None) | Q(sync_state__finished_at__lt=at - STALE_AFTER)
    stale |= has_token & Q(sync_state__finished_at__lt=at - STALE_AFTER / 2)
    tried = Q(state__in=ACTIVE) | Q(state__in=STOPPED, finished_at__gt=at - AGAIN_AFTER)
    recent = Job.objects.filter(tried, connection=OuterRef("pk"), kind=jobs.KIND)
    rows = Connection.objects.admitted().filter(stale).exclude(Exists(recent)).select_related("installation")
    return list(rows.order_by(read_at.asc(nulls_first=True), "created_at")[:AT_ONCE])
