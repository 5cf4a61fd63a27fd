"""Keeping mirrors fresh: the syncs that are due are started by themselves, the stalest first."""

import datetime as dt

from django.db.models import Exists, F, Min, OuterRef, Q

from integrations.connections.models import Connection, Installation, State
from integrations.directory import sync
from integrations.jobs.models import ACTIVE, Job
from integrations.jobs.models import State as JobState
from portal import clock

NAME = "directory.freshness"
EVERY = dt.timedelta(minutes=5)
#: A mirror is synced again when the least fresh of its working connections was read this long ago.
STALE_AFTER = dt.timedelta(hours=6)
#: Syncs that are started at a time: they wait for tokens anyhow.
AT_ONCE = 20
STOPPED = [JobState.FAILED, JobState.CANCELLED]
#: A sync that failed or was cancelled is left alone for so long, and lets others have their turn.
AGAIN_AFTER = dt.timedelta(hours=1)


def start_due_syncs() -> None:
    """Start the syncs that are due."""
    for installation in due():
        sync.start(installation=installation)


def due() -> list[Installation]:
    """The installations whose sync is due, the stalest first: those that were never read, then by age."""
    at = clock.now()
    tried = Q(state__in=ACTIVE) | Q(state__in=STOPPED, finished_at__gt=at - AGAIN_AFTER)
    lately = Job.objects.filter(tried, installation=OuterRef("pk"), kind=sync.KIND)
    able = Q(connections__state=State.ACTIVE, connections__admitted_at__isnull=False)
    unread = Connection.objects.admitted().filter(installation=OuterRef("pk"), book__finished_at=None)
    rows = (
        Installation.objects.filter(able)
        .annotate(read_at=Min("connections__book__finished_at", filter=able), unread=Exists(unread))
        .filter(Q(unread=True) | Q(read_at__lt=at - STALE_AFTER))
        .exclude(Exists(lately))
        .order_by("-unread", F("read_at").asc(nulls_first=True), "created_at")
    )
    return list(rows[:AT_ONCE])
