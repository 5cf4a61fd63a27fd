"""What jobs show on Home and on the Organization screen."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, Value, When
from django.http import HttpRequest

from integrations.jobs.models import ACTIVE, Job, State
from integrations.jobs.screens import SHOWN_WITH, row, visible_jobs
from portal import clock
from portal.organizations import panels
from portal.organizations.models import Organization

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: How many jobs a panel shows.
SHOWN = 5
#: A job that failed longer ago needs nobody any more.
RECENT = dt.timedelta(days=7)


@panels.register("home", name="jobs", template="jobs/panel.html", order=30)
def on_home(request: HttpRequest, subject: object) -> dict[str, Any]:
    """What failed lately and was not made good since, and what runs or waits."""
    at = clock.now()
    later = Job.objects.filter(
        installation=OuterRef("installation"), kind=OuterRef("kind"), created_at__gt=OuterRef("created_at")
    )
    made_good = Exists(later.filter(connection=OuterRef("connection"))) | Q(connection=None) & Exists(later)
    failed = Q(state=State.FAILED, finished_at__gt=at - RECENT) & ~made_good
    first = Case(
        When(state=State.FAILED, then=Value(0)),
        When(state=State.RUNNING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    found = visible_jobs(request).filter(Q(state__in=ACTIVE) | failed).order_by(first, "-created_at", "-id")
    return {"rows": _rows(found, at), "title": "Jobs under way", "name": "home"}


@panels.register("organization", name="jobs", template="jobs/panel.html", order=60)
def on_organization(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """The latest jobs of an organization."""
    found = visible_jobs(request).filter(organization=organization).order_by("-created_at", "-id")
    return {"rows": _rows(found, clock.now()), "title": "Latest jobs", "name": "organization"}


def _rows(jobs: "QuerySet[Job]", at: dt.datetime) -> list[dict[str, Any]]:
    return [row(job, at) for job in jobs.select_related(*SHOWN_WITH)[:SHOWN]]
