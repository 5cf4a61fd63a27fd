"""The screens of jobs: the list across organizations, one job, and what a person may do to it."""

import datetime as dt
from typing import Any

from django.contrib import messages
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.views.decorators.http import require_POST

from integrations.connections.screens import person
from integrations.jobs import kinds, queue
from integrations.jobs.models import Job, State
from portal import clock
from portal.organizations.models import Organization
from portal.organizations.roles import Capability, Role
from portal.organizations.screens import organization_screen, render, signed_in

SHOWN = 100


def visible_jobs(request: HttpRequest) -> "QuerySet[Job]":
    """The jobs this person may see: an officer's own, anybody else's of their organizations."""
    user = person(request)
    organizations = Organization.objects.visible_to(user)
    if user.is_operator:
        return Job.objects.filter(organization__in=organizations)
    mine = Job.objects.filter(organization__in=organizations)
    colleague = user.memberships.exclude(role=Role.OFFICER).values("organization")
    return mine.filter(Q(organization__in=colleague) | Q(asked_by=user) | Q(connection__user=user))


def row(job: Job, at: dt.datetime) -> dict[str, Any]:
    """A job as lists show it."""
    rate = job.rate(at)
    return {"job": job, "rate": round(rate) if rate else None, "eta": job.eta(at)}


@signed_in
def jobs(request: HttpRequest) -> HttpResponse:
    """What runs, waits, failed and is done, across the organizations this person may see."""
    found = visible_jobs(request).select_related("organization", "installation__environment")
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    if state in State.values:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    first = Case(
        When(state=State.RUNNING, then=Value(0)),
        When(state=State.WAITING, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    at = clock.now()
    rows = [row(job, at) for job in found.order_by(first, "-created_at", "-id")[:SHOWN]]
    context = {
        "rows": rows,
        "shown": SHOWN,
        "states": State.choices,
        "state": state,
        "moving": any(entry["job"].state in (State.RUNNING, State.WAITING) for entry in rows),
    }
    if request.headers.get("HX-Request"):
        return render_fragment(request, "jobs/rows.html", context)
    return render(request, "jobs/jobs.html", context, title="Jobs")


def visible_job(request: HttpRequest, organization: Organization, pk: int) -> Job:
    """A job of the organization that this person may see, or 404."""
    return get_object_or_404(visible_jobs(request), organization=organization, pk=pk)


def may_steer(request: HttpRequest, job: Job) -> bool:
    """Whether this person may pause, resume, cancel or repeat it."""
    user = person(request)
    return job.organization.allows(user, Capability.EDIT_MANY) or job.asked_by_id == user.pk


@organization_screen(Capability.BROWSE)
def job_screen(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """One job: progress that moves by itself, what it waits for, and its log."""
    job = visible_job(request, organization, pk)
    context = {
        **row(job, clock.now()),
        "organization": organization,
        "lines": list(job.lines.order_by("-id")[:200]),
        "may_steer": may_steer(request, job),
    }
    if request.headers.get("HX-Request"):
        return render_fragment(request, "jobs/progress.html", context)
    return render(request, "jobs/job.html", context, title=kinds.label_of(job.kind))


@require_POST
@organization_screen(Capability.BROWSE)
def steer_job(request: HttpRequest, organization: Organization, pk: int, verb: str) -> HttpResponse:
    """Pause, resume, cancel or retry."""
    job = visible_job(request, organization, pk)
    if not may_steer(request, job):
        raise Http404
    steer = {"pause": queue.pause, "resume": queue.resume, "cancel": queue.cancel, "retry": queue.retry}[verb]
    if not steer(job, actor=person(request)):
        messages.info(request, "The job had moved on meanwhile, so nothing was changed.")
    return redirect("job", slug=organization.slug, pk=job.pk)
