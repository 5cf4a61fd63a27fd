"""Forecasts: what counts against a budget now, and when a connection can send its next token request. Read-only."""

import datetime as dt
import uuid
from itertools import islice

from django.db import models

from integrations.connections.limits import budgets, queue, scheduler
from integrations.connections.limits.scheduler import HOUR, MARGIN
from integrations.connections.models import (
    Budget,
    Connection,
    Environment,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from portal.core import clock

#: The longest time after which a recorded request can still arrive. It is sent within `access.SEND_WITHIN`, and ends at
#: the client's deadline.
IN_FLIGHT = dt.timedelta(seconds=80)
#: Callers told to wait less than this retry on their own.
RETRY_GRACE = dt.timedelta(seconds=3)
#: When to retry if the limit allows no requests at all.
RECHECK_WHEN_BLOCKED = dt.timedelta(hours=1)
#: The most requests of the queue's start that are planned without reading the whole queue.
MAX_PLANNED_FIRST = 200
#: How many of them are planned to find a person's place. People rarely wait behind more.
FIRST_LOOK = 50
#: Older requests don't count any more, whenever their response came.
_LONGEST_COUNTED = dt.timedelta(days=1)


def load_usage(budget: Budget, limits: budgets.Limits | None = None) -> scheduler.Usage:
    """Return the requests that count against a budget now. Read-only."""
    at = clock.now()
    limit = (limits or budgets.read_limits(budget)).tokens_per_hour
    requests = TokenRequest.objects.filter(budget=budget, at__gt=at - _LONGEST_COUNTED)
    # A slot that was reserved counts for fairness even if it was not used: others were passed over for it.
    served = requests.exclude(state=RequestState.RELEASED, held_until=None).exclude(rank=None).order_by("-at")
    recent = [
        scheduler.Rank(rank)
        for rank in served.values_list("rank", flat=True)[: scheduler.FAIRNESS_INTERVAL - 1]
        if rank is not None
    ]
    counted = requests.exclude(state=RequestState.RELEASED).filter(
        models.Q(at__gt=at - HOUR - MARGIN - IN_FLIGHT) | models.Q(ended_at__gt=at - HOUR - MARGIN)
    )
    expirations = sorted(when for when in map(_counts_until, counted) if when > at)
    return scheduler.Usage(at, limit, tuple(expirations), tuple(reversed(recent)))


def _counts_until(request: TokenRequest) -> dt.datetime:
    if request.state == RequestState.RESERVED:
        assert request.held_until is not None
        return request.held_until
    return (request.ended_at or request.at + IN_FLIGHT) + HOUR + MARGIN


def for_connection(
    connection: Connection, *, purpose: Purpose = Purpose.WORK
) -> tuple[scheduler.Usage, scheduler.PlannedRequest]:
    """Return the current usage and when ``connection`` can send its next token request. Read-only.

    A connection that isn't waiting is planned as if it joined the queue now, for ``purpose``.
    """
    budget = budgets.for_connection(connection)
    usage = load_usage(budget)
    return usage, plan_for(connection, purpose, budget, usage)


def for_newcomer(
    budget: Budget,
    usage: scheduler.Usage,
    *,
    waiting: list[scheduler.Demand] | None = None,
    count: int = FIRST_LOOK,
) -> scheduler.PlannedRequest:
    """Return the planned request of a person who joins the queue now.

    ``waiting`` is the queue's start if the caller has it, as `queue.load_waiting` reads it with ``first=count``.
    """
    newcomer = scheduler.Demand("", scheduler.Rank.PERSON, usage.at, usage.at, usage.at)
    if usage.limit == 0:
        return _blocked(newcomer, usage)
    while True:
        if waiting is None:
            waiting = queue.load_waiting(budget, usage, first=count)
        for planned in islice(scheduler.plan(usage, [*waiting, newcomer]), count):
            if planned.connection_id == newcomer.connection_id:
                return planned
        waiting = None
        count *= 4


def plan_for(
    connection: Connection, purpose: Purpose, budget: Budget, usage: scheduler.Usage
) -> scheduler.PlannedRequest:
    """Return the planned request of a connection. It joins the queue now if it isn't waiting."""
    own_id = str(connection.pk)
    own = scheduler.Demand(own_id, queue.RANK_BY_PURPOSE[purpose], usage.at, usage.at, usage.at)

    def waiting(first: int | None) -> list[scheduler.Demand]:
        demands = queue.load_waiting(budget, usage, first=first, include=connection)
        return demands if any(demand.connection_id == own_id for demand in demands) else [*demands, own]

    if usage.limit is None:  # the others don't matter
        return scheduler.plan_for(own_id, usage, waiting(0)) or _blocked(own, usage)
    if usage.available:  # a few others tell whether it is next
        count = min(usage.available, MAX_PLANNED_FIRST)
        for planned in islice(scheduler.plan(usage, waiting(count)), count):
            if planned.connection_id == own_id and planned.at <= usage.at:
                return planned
    return scheduler.plan_for(own_id, usage, waiting(None)) or _blocked(own, usage)


def _blocked(demand: scheduler.Demand, usage: scheduler.Usage) -> scheduler.PlannedRequest:
    return scheduler.PlannedRequest(demand.connection_id, usage.at + RECHECK_WHEN_BLOCKED, demand.rank)


def next_available_time(environment: Environment, connection: Connection | None = None) -> dt.datetime:
    """Return when a person can be sent to authorize ``connection`` (None: a new one). Read-only."""
    if connection is not None:
        return for_connection(connection, purpose=Purpose.CONSENT)[1].at
    budget = budgets.for_environment(environment)
    return for_newcomer(budget, load_usage(budget)).at


def find_ready_connections() -> list[uuid.UUID]:
    """Return waiting connections that may be served now although they were told a later time.

    That happens when a connection before them leaves the queue. At most `MAX_PLANNED_FIRST` are returned per budget.
    """
    ready = []
    at = clock.now()
    hosts = TokenDemand.objects.filter(expected_at__gt=at).values(
        "connection__installation__environment__host"
    )
    for budget in Budget.objects.select_related("egress").filter(host__in=hosts):
        usage = load_usage(budget)
        count = min(usage.available, MAX_PLANNED_FIRST)
        if not count:
            continue
        waiting = queue.load_waiting(budget, usage, first=count)
        for planned in islice(scheduler.plan(usage, waiting), count):
            if planned.at > usage.at:
                break
            ready.append(uuid.UUID(planned.connection_id))
    told_later = TokenDemand.objects.filter(connection__in=ready, expected_at__gt=at + RETRY_GRACE)
    return list(told_later.values_list("connection", flat=True).distinct())
