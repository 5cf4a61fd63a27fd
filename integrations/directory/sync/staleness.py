"""Report connections that wait or fail for longer than their contacts may be old, and those that recovered."""

import datetime as dt
import logging

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from integrations.connections.limits import kill_switch
from integrations.connections.limits.capacity import MAX_DATA_AGE
from integrations.connections.models import Connection
from integrations.connections.notices import records
from integrations.directory.models import SyncState, UnreadPage
from integrations.directory.sync import jobs, unread
from integrations.jobs.models import Job, JobState
from portal.core import clock, times

logger = logging.getLogger(__name__)

NAME = "directory.staleness"
EVERY = dt.timedelta(minutes=5)
#: The longest reason in a notice.
REASON_LENGTH = 110
_STOPPED = (JobState.FAILED, JobState.PAUSED)


def report() -> None:
    """Record notices. While all calls are stopped, every page says so, and nobody gets a notice."""
    if kill_switch.get_active():
        return
    for connection in find_late(clock.now()):
        try:
            records.record_out_of_date(connection, describe(connection))
        except Exception:
            logger.exception("Reporting connection %s as out of date failed", connection.pk)
    for connection in find_recovered():
        records.record_up_to_date(connection)


def on_released(sender: object, **_: object) -> None:
    """Start the wait of every connection again: nothing could be synced while all calls were stopped."""
    SyncState.objects.filter(trying_since__isnull=False).update(trying_since=clock.now())


def find_late(at: dt.datetime) -> "QuerySet[Connection]":
    """Return the working connections that have waited or failed for too long, or that have left out a page for too long."""
    before = at - MAX_DATA_AGE
    sync_jobs = Job.objects.filter(connection=OuterRef("pk"), kind=jobs.KIND).order_by("-pk")
    waits = Q(job_state=JobState.WAITING) & ~Q(job_waits_for="") | Q(job_state__in=_STOPPED)
    late = Q(sync_state__trying_since__lt=before, since__lt=before) & waits
    pages = _unread_pages().filter(connection=OuterRef("pk"), first_failed_at__lt=before)
    rows = Connection.objects.admitted().annotate(
        job_state=Subquery(sync_jobs.values("state")[:1]),
        job_waits_for=Subquery(sync_jobs.values("waits_for")[:1]),
    )
    return rows.filter(late | Q(Exists(pages))).select_related("installation", "sync_state")


def find_recovered() -> list[Connection]:
    """Return the connections that were reported as out of date and have finished a pass without leaving out a page."""
    finished = SyncState.objects.filter(
        connection=OuterRef("connection"), finished_at__gt=OuterRef("created_at")
    )
    pages = _unread_pages().filter(connection=OuterRef("connection"))
    reported = records.reported_out_of_date().filter(Exists(finished), ~Exists(pages))
    return [notice.connection for notice in reported.select_related("connection")]


def _unread_pages() -> "QuerySet[UnreadPage]":
    return UnreadPage.objects.exclude(reason=unread.UNSETTLED)


def describe(connection: Connection) -> str:
    """Return since when a connection is out of date, why, and what to do."""
    state = connection.sync_state
    page = _unread_pages().filter(connection=connection).order_by("first_failed_at").first()
    if state.trying_since is None and page is not None:
        return (
            f"Since {_date(page.first_failed_at)}, Total Expert can't return a page of {page.get_list_display().lower()}. "
            "Everything else is up to date. Ask Total Expert to check that list."
        )
    if state.finished_at is None:
        age = f"Its first sync started on {_date(state.trying_since)} and hasn't finished."
    else:
        age = f"Its contacts were last synced on {_date(state.finished_at)}."
    job = Job.objects.filter(connection=connection, kind=jobs.KIND).order_by("-pk").first()
    reason, action = ("", "Sync it on its page.") if job is None else _reason(job)
    return f"{age} {_shortened(reason)} {action}".replace("  ", " ")


def _reason(job: Job) -> tuple[str, str]:
    """Return why a job hasn't finished, and what a person can do."""
    if job.state == JobState.PAUSED:
        return "The sync is paused.", "Resume it."
    if job.state == JobState.FAILED:
        return job.problem, "Open the sync and retry it."
    return job.waits_for, "Open the sync to see when it continues."


def _shortened(text: str) -> str:
    return text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1].rstrip() + "…"


def _date(at: dt.datetime | None) -> str:
    return f"{times.date(at, dt.UTC)}, {at:%H:%M} UTC" if at is not None else "an unknown day"
