"""What jobs show on Home and on the Organization screen."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, Q, When
from django.http import HttpRequest

from integrations.jobs.models import ACTIVE, Job, JobState
from integrations.jobs.views import RELATED, row, visible_jobs
from portal.core import clock, panels
from portal.organizations.models import Organization

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: How many jobs a panel shows, and of these at least so many that failed, if there are.
SHOWN, FAILED_SHOWN = 5, 2
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
    failed = Q(state=JobState.FAILED, finished_at__gt=at - RECENT) & ~made_good
    visible = visible_jobs(request)
    failures = visible.filter(failed).order_by("-created_at", "-id")
    running_first = Case(When(state=JobState.RUNNING, then=0), default=1, output_field=IntegerField())
    active = visible.filter(state__in=ACTIVE).order_by(running_first, "-created_at", "-id")
    under_way = list(active.select_related(*RELATED)[:SHOWN])
    shown = list(failures.select_related(*RELATED)[: max(FAILED_SHOWN, SHOWN - len(under_way))])
    return {
        "rows": [row(job, at) for job in [*shown, *under_way][:SHOWN]],
        "counts": _counts(failures, active) if len(shown) + len(under_way) > SHOWN else [],
        "title": "Jobs failed and under way" if shown else "Jobs under way",
        "name": "home",
    }


def _counts(*sets: "QuerySet[Job]") -> list[tuple[JobState, int]]:
    """How many jobs there are in each state, those first that are shown first."""
    return [
        (JobState(state), count)
        for jobs in sets
        for state, count in jobs.order_by("state").values_list("state").annotate(Count("pk"))
    ]


@panels.register("organization", name="jobs", template="jobs/panel.html", order=60)
def on_organization(request: HttpRequest, organization: Organization) -> dict[str, Any]:
    """The latest jobs of an organization."""
    found = visible_jobs(request).filter(organization=organization).order_by("-created_at", "-id")
    return {"rows": _rows(found, clock.now()), "title": "Latest jobs", "name": "organization"}


def _rows(jobs: "QuerySet[Job]", at: dt.datetime) -> list[dict[str, Any]]:
    return [row(job, at) for job in jobs.select_related(*RELATED)[:SHOWN]]
