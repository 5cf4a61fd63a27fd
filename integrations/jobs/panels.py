"""What jobs show on Home and on the Organization screen."""

from typing import Any

from django.http import HttpRequest

from integrations.jobs.models import State
from integrations.jobs.screens import row, visible_jobs
from portal import clock
from portal.organizations import panels
from portal.organizations.models import Organization


def _rows(jobs: Any) -> list[dict[str, Any]]:
    at = clock.now()
    return [row(job, at) for job in jobs.select_related("organization", "installation__environment")[:5]]


@panels.register("home", name="jobs", template="jobs/panel.html", order=30)
def on_home(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """What runs, waits or failed lately."""
    states = [State.RUNNING, State.WAITING, State.PAUSED, State.FAILED]
    return {"rows": _rows(visible_jobs(request).filter(state__in=states)), "title": "Jobs under way", "name": "home"}


@panels.register("organization", name="jobs", template="jobs/panel.html", order=60)
def on_organization(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """The latest jobs of an organization."""
    return {"rows": _rows(visible_jobs(request).filter(organization=organization)), "title": "Latest jobs", "name": "org"}


