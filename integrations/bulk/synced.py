"""Whether the synced copy shows what an edit did at Total Expert. An undo is planned from it."""

from django.db import models
from django.db.models import Max

from integrations.bulk.models import Plan, PlanRow
from integrations.connections.models import Connection
from integrations.directory.sync import jobs as sync_jobs
from integrations.directory.sync import recency
from integrations.total_expert import TryLater


def require_results(undone: Plan, done: "models.QuerySet[PlanRow]") -> None:
    """Raise TryLater until the synced copy shows the results of these rows of a plan. Start the syncs that read them."""
    ended = done.aggregate(latest=Max("finished_at"))["latest"]
    senders = done.order_by().values("connection").distinct()
    for connection in Connection.objects.admitted().filter(pk__in=senders).select_related("installation"):
        if not recency.has_read_changes_until(connection, ended or undone.created_at):
            sync_jobs.start(connection=connection)
            raise TryLater("Reading the results of the edit first.", after=3.0)
