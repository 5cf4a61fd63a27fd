"""The job kinds of bulk edits: filling plans, and sending their rows."""

from integrations.bulk.models import Plan
from integrations.connections.models import Connection
from integrations.jobs import queue
from integrations.jobs.models import Job
from portal.accounts.models import User

#: Fill the plans of an installation.
BUILD = "bulk.build"
#: Send the rows of a connection.
APPLY = "bulk.apply"


def start_building(plan: Plan, actor: User | None) -> Job:
    """Start the job that fills an installation's new plans."""
    return queue.start(BUILD, installation=plan.installation, requested_by=actor)


def start_applying(plan: Plan, actor: User | None) -> list[Job]:
    """Start a job for each connection that has rows of a plan to send."""
    ids = plan.rows.filter(state__in=["planned", "sending"]).order_by().values("connection").distinct()
    connections = Connection.objects.filter(pk__in=ids).select_related("installation")
    return [queue.start(APPLY, connection=connection, requested_by=actor) for connection in connections]
