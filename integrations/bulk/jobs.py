"""The job kinds of bulk edits: filling plans, and sending their rows."""

from django.db.models import Q, QuerySet

from integrations.bulk.models import OPEN_ROWS, Plan, PlanState
from integrations.connections.models import Connection
from integrations.jobs import queue
from integrations.jobs.models import ACTIVE, Job, JobState
from portal.accounts.models import User
from portal.organizations.roles import Capability

#: Fill the plans of an installation.
BUILD = "bulk.build"
#: Send the rows of a connection.
APPLY = "bulk.apply"


def start_building(plan: Plan, actor: User | None) -> Job:
    """Start the job that fills an installation's new plans."""
    return queue.start(BUILD, installation=plan.installation, requested_by=actor)


def start_applying(plan: Plan, actor: User | None) -> list[Job]:
    """Start a job for each connection that has rows of a plan to send."""
    ids = plan.rows.filter(state__in=OPEN_ROWS).order_by().values("connection").distinct()
    connections = Connection.objects.filter(pk__in=ids).select_related("installation")
    return [queue.start(APPLY, connection=connection, requested_by=actor) for connection in connections]


def wake(plan: Plan, actor: User) -> None:
    """Continue the jobs that send rows of a plan now: those that wait, and paused ones that ``actor`` may resume."""
    organization = plan.installation.organization
    manages = organization.allows(actor, Capability.EDIT_MANY)
    for job in senders_of(plan):
        if job.state == JobState.PAUSED:
            own = job.connection is not None and job.connection.user_id == actor.pk
            if manages or own or job.requested_by_id == actor.pk:
                queue.resume(job, actor=actor)
        elif job.connection is not None:
            queue.wake(job.connection)


def waits_of(plan: Plan) -> list[Job]:
    """Return the jobs of a plan that wait for something or have stopped, so that its page can say why."""
    if plan.state == PlanState.BUILDING:
        rows = Job.objects.filter(kind=BUILD, installation=plan.installation)
    elif plan.is_sending:
        rows = _senders_of(plan).filter(Q(state__in=ACTIVE) | Q(finished_at__gte=plan.applied_at))
    else:
        return []
    latest = {job.connection_id: job for job in rows.order_by("pk")}
    return [
        job
        for job in latest.values()
        if job.state in (JobState.FAILED, JobState.PAUSED, JobState.CANCELED) or job.waits_for
    ]


def senders_of(plan: Plan) -> "QuerySet[Job]":
    """Return the active jobs of the connections that have rows of a plan to send."""
    related = ("connection__user", "organization", "installation__environment")
    return _senders_of(plan).filter(state__in=ACTIVE).select_related(*related)


def _senders_of(plan: Plan) -> "QuerySet[Job]":
    connections = plan.rows.filter(state__in=OPEN_ROWS).order_by().values("connection").distinct()
    return Job.objects.filter(kind=APPLY, connection__in=connections)
