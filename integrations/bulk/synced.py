"""Whether the synced copy shows what an edit did at Total Expert. An undo is planned from it."""

from django.db import models
from django.db.models import Max

from integrations.bulk.models import Plan, PlanRow
from integrations.connections.models import Connection
from integrations.directory.sync import recency
from integrations.total_expert import Rejected
from portal.core.errors import Refused


def require_results(undo: Plan, done: "models.QuerySet[PlanRow]") -> None:
    """Raise TryLater until the synced copy shows the results of these rows, which ``undo`` puts back.

    Start the syncs that read them. Raise Refused if one of them stopped.
    """
    ended = done.aggregate(latest=Max("finished_at"))["latest"] or undo.created_at
    senders = done.order_by().values("connection").distinct()
    for connection in Connection.objects.admitted().filter(pk__in=senders).select_related("installation"):
        try:
            recency.require(connection, ended, since=undo.created_at)
        except Rejected as stopped:
            raise Refused(str(stopped)) from None
