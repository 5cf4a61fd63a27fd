"""What applying a plan will cost: calls, and when it can be finished."""

import datetime as dt
import math
from dataclasses import dataclass

from django.db.models import Count

from integrations.bulk.models import OPEN_ROWS, Plan
from integrations.connections.limits import budgets, forecast
from integrations.connections.models import Connection, Token

#: Contacts that one call of a sync reads.
PAGE = 100
#: Calls a minute that are expected where nothing limits them.
UNLIMITED = 600


@dataclass(frozen=True)
class Cost:
    """``finish`` is None if limits allow nothing; ``tokens`` counts connections that need a token first."""

    calls: int
    tokens: int
    finish: dt.datetime | None


def of(plan: Plan, now: dt.datetime) -> Cost:
    """Return what it costs to send the rows of a plan that are not settled."""
    rows = plan.rows.filter(state__in=OPEN_ROWS).exclude(connection=None)
    counts = dict(rows.order_by().values_list("connection").annotate(Count("pk")))
    connections = Connection.objects.filter(pk__in=counts).select_related(
        "installation__environment", "egress"
    )
    fresh = {
        token.connection_id for token in Token.objects.filter(connection__in=counts) if token.is_fresh(now)
    }
    calls = tokens = 0
    finish: dt.datetime | None = now
    for connection in connections:
        own = counts[connection.pk] + 2 * math.ceil(counts[connection.pk] / PAGE)
        calls += own
        begin = now
        if connection.pk not in fresh:
            tokens += 1
            begin = forecast.for_connection(connection)[1].at
        per_minute = budgets.read_limits(budgets.for_connection(connection)).calls_per_minute
        if per_minute == 0:
            finish = None
        elif finish is not None:
            seconds = 60 * own / (per_minute or UNLIMITED)
            finish = max(finish, max(begin, now) + dt.timedelta(seconds=seconds))
    return Cost(calls, tokens, finish)
