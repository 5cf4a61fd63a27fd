"""Pages about jobs: the list across organizations, one job, and its actions."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.views.decorators.http import require_POST

from integrations.connections.models import Connection
from integrations.connections.permissions import connection_title, may_manage
from integrations.jobs import kinds, queue
from integrations.jobs.filters import JobFilter
from integrations.jobs.models import ACTIVE, IS_ACTIVE, Job, JobState
from portal.accounts.guard import current_user, signed_in
from portal.core import clock, paging
from portal.core.pages import render, wants_fragment
from portal.organizations.models import Organization
from portal.organizations.roles import Capability, Role
from portal.organizations.views.guard import organization_view

#: The most active jobs that the list shows, and the most ended ones that it counts.
MAX_ACTIVE, MAX_COUNTED = 100, 10_000
#: The most log lines that a job's page shows.
LINES = 200
#: Related rows that lists of jobs show.
RELATED = (
    "organization",
    "installation__environment",
    "connection__user",
    "connection__installation__environment",
)
_ORDER = [JobState.RUNNING, JobState.WAITING, JobState.PAUSED]
#: The states in which a job already is what each action makes of it.
_STATES_AFTER = {
    "pause": [JobState.PAUSED],
    "resume": [JobState.WAITING, JobState.RUNNING],
    "cancel": [JobState.CANCELED],
    "retry": [JobState.WAITING, JobState.RUNNING],
}
_ACTIONS = {"pause": queue.pause, "resume": queue.resume, "cancel": queue.cancel, "retry": queue.retry}


def visible_jobs(request: HttpRequest) -> "QuerySet[Job]":
    """Return the jobs this person may see: officers their own, everybody else those of their organizations."""
    user = current_user(request)
    if user.is_operator:  # all organizations: a list of them would lead databases away from the indexes
        return Job.objects.all()
    visible = Job.objects.filter(organization__in=Organization.objects.visible_to(user))
    colleague = user.memberships.exclude(role=Role.OFFICER).values("organization")
    return visible.filter(Q(organization__in=colleague) | Q(requested_by=user) | Q(connection__user=user))


def visible_connections(request: HttpRequest) -> "QuerySet[Connection]":
    """Return the connections whose jobs this person may see."""
    user = current_user(request)
    visible = Connection.objects.filter(
        installation__organization__in=Organization.objects.visible_to(user)
    ).select_related("user", "installation__environment")
    if user.is_operator:
        return visible
    colleague = user.memberships.exclude(role=Role.OFFICER).values("organization")
    return visible.filter(Q(installation__organization__in=colleague) | Q(user=user))


def row(job: Job, at: dt.datetime) -> dict[str, Any]:
    """Return a job with what lists show beside it."""
    connection = connection_title(job.connection) if job.connection is not None else ""
    return {
        "job": job,
        "label": kinds.label_of(job.kind),
        "connection": connection,
        "rate": rate_of(job),
        "eta": job.eta(at),
    }


def rate_of(job: Job) -> str:
    """Return “312 per second”, or per minute for slow jobs, or "" if unknown."""
    rate = job.rate()
    if rate is None:
        return ""
    return f"{rate:,.0f} per second" if rate >= 1 else f"{rate * 60:,.1f} per minute"


@signed_in
def jobs(request: HttpRequest) -> HttpResponse:
    """List jobs across the organizations this person may see: active ones, then ended ones page by page."""
    visible = visible_jobs(request)
    filters = JobFilter(request.GET, queryset=visible, connections=visible_connections(request))
    at = clock.now()
    found = filters.qs.select_related(*RELATED).order_by("-id")
    ended = found.exclude(state__in=ACTIVE)
    count = ended.order_by()[: MAX_COUNTED + 1].count()
    page = paging.newest_first(
        ended, request.GET, total=min(count, MAX_COUNTED), is_capped=count > MAX_COUNTED
    )
    active = _active(found) if page.start == 1 else []
    context = {
        "active": [row(job, at) for job in active],
        "ended": [row(job, at) for job in page],
        "page": page,
        "max_active": MAX_ACTIVE,
        "filters": filters,
        "many": Organization.objects.visible_to(request.user)[:2].count() > 1,
        "moving": any(job.state in (JobState.RUNNING, JobState.WAITING) for job in active),
    }
    if wants_fragment(request):
        return render_fragment(request, "jobs/rows.html", context)
    return render(request, "jobs/jobs.html", context, title="Jobs")


def _active(jobs: "QuerySet[Job]") -> list[Job]:
    """Return running, waiting and paused jobs, in this order."""
    return sorted(jobs.filter(IS_ACTIVE)[:MAX_ACTIVE], key=lambda job: _ORDER.index(JobState(job.state)))


def visible_job(request: HttpRequest, organization: Organization, pk: int) -> Job:
    """Return a job of the organization that this person may see, or raise Http404."""
    rows = visible_jobs(request).select_related(*RELATED, "requested_by")
    return get_object_or_404(rows, organization=organization, pk=pk)


def may_change(request: HttpRequest, job: Job) -> bool:
    """Return whether this person may pause, resume, cancel or retry the job, for example one of their own connection."""
    user, organization = current_user(request), job.organization
    manages = organization.allows(user, Capability.MANAGE) or organization.allows(user, Capability.EDIT_MANY)
    own = job.connection is not None and may_manage(request, job.connection)
    return manages or own or job.requested_by_id == user.pk


@organization_view(Capability.BROWSE)
def job_detail(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Show one job with live progress, what it waits for, and its log."""
    job = visible_job(request, organization, pk)
    context = {
        **row(job, clock.now()),
        "organization": organization,
        "lines": list(job.lines.order_by("-id")[:LINES]),
        "shown": LINES,
        "may_change": may_change(request, job),
        "is_pausable": kinds.is_pausable(job.kind),
    }
    if wants_fragment(request):
        response = render_fragment(request, "jobs/progress.html", context | {"is_fragment": True})
        if job.state not in (JobState.RUNNING, JobState.WAITING):
            response["HX-Refresh"] = "true"  # the header's actions are others now
        return response
    return render(request, "jobs/job.html", context, title=kinds.label_of(job.kind))


@require_POST
@organization_view(Capability.BROWSE)
def change_job(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Pause, resume, cancel or retry a job. Asking for it again, as in another tab, changes nothing and says nothing."""
    job = visible_job(request, organization, pk)
    if not may_change(request, job):
        raise Http404
    is_changed = _ACTIONS[verb](job, actor=current_user(request))
    if not is_changed and job.state not in _STATES_AFTER[verb]:
        messages.info(
            request,
            "Nothing was changed. The job has changed its state in the meantime, or another job of its kind is active.",
        )
    return redirect("job", slug=organization.slug, pk=job.pk)
