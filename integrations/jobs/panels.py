"""Panels about jobs on Home and on the Organization page."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, When
from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState
from integrations.jobs.models import IS_ACTIVE, Job, JobState
from integrations.jobs.views import RELATED, row, visible_jobs
from portal.core import clock, panels
from portal.organizations.models import Organization

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: How many jobs a panel shows, and how many of them are reserved for failed ones.
SHOWN, FAILED_SHOWN = 5, 2
#: Failures older than this are not shown.
RECENT = dt.timedelta(days=7)


@panels.register("home", name="jobs", template="jobs/panel.html", order=20)
def on_home(request: HttpRequest, subject: object) -> dict[str, Any]:
    """Show recent failures that are still open, and active jobs."""
    at = clock.now()
    failed = Q(state=JobState.FAILED, finished_at__gt=at - RECENT) & ~_is_resolved()
    visible = visible_jobs(request)
    failures = visible.filter(failed).order_by("-created_at", "-id")
    running_first = Case(When(state=JobState.RUNNING, then=0), default=1, output_field=IntegerField())
    active = visible.filter(IS_ACTIVE).order_by(running_first, "-created_at", "-id")
    in_progress = list(active.select_related(*RELATED)[:SHOWN])
    shown = list(failures.select_related(*RELATED)[: max(FAILED_SHOWN, SHOWN - len(in_progress))])
    return {
        "rows": [row(job, at) for job in [*shown, *in_progress][:SHOWN]],
        "counts": _counts(failures, active) if len(shown) + len(in_progress) > SHOWN else [],
        "title": "Failed and active jobs" if shown else "Active jobs",
        "none": "No active or failed jobs.",
        "name": "home",
    }


def _is_resolved() -> Q:
    """Match failures that no one needs to look at any more.

    A later job did the same work, the connection was revoked, or it never worked and the customer connected another way.
    """
    later = Job.objects.filter(kind=OuterRef("kind"), created_at__gt=OuterRef("created_at"))
    another = Connection.objects.filter(
        installation=OuterRef("installation"), state=ConnectionState.ACTIVE, since__gt=OuterRef("created_at")
    )
    return (
        Q(Exists(later.filter(connection=OuterRef("connection"))))
        | Q(connection=None) & Q(Exists(later.filter(installation=OuterRef("installation"))))
        | Q(connection__state=ConnectionState.REVOKED)
        | Q(connection__state=ConnectionState.PENDING) & Q(Exists(another))
    )


def _counts(*sets: "QuerySet[Job]") -> list[tuple[JobState, int]]:
    """Return how many jobs are in each state, in display order."""
    return [
        (JobState(state), count)
        for jobs in sets
        for state, count in jobs.order_by("state").values_list("state").annotate(Count("pk"))
    ]


@panels.register("organization", name="jobs", template="jobs/panel.html", order=60)
def on_organization(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """Show the latest jobs of an organization."""
    found = visible_jobs(request).filter(organization=organization).order_by("-created_at", "-id")
    return {
        "rows": _rows(found, clock.now()),
        "title": "Latest jobs",
        "none": "No jobs yet.",
        "name": "organization",
        "organization": organization,
    }


def _rows(jobs: "QuerySet[Job]", at: dt.datetime) -> list[dict[str, Any]]:
    return [row(job, at) for job in jobs.select_related(*RELATED)[:SHOWN]]
