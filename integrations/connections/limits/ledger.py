"""The ledger of token requests: never more than the limit in any sliding hour, in the order that `scheduler` says.

The vendor allows two token requests an hour for each source address, failed ones included, for all customers
together. So every request is written down before it is sent, in one transaction that holds the budget's lock. A
request counts from the latest moment at which it can have arrived over there: when its answer came, or, while that is
unknown, when its connection would have timed out.
"""

import datetime as dt
import uuid
from dataclasses import replace

from django.db import models, transaction

from integrations.connections.limits import budgets, permits, scheduler
from integrations.connections.limits import queue as demands
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
from integrations.total_expert import TryLater
from portal.core import clock, times

#: Longest time after which a request that was written down can still arrive: it is sent within `tokens.PROMPT`, and
#: then there are the client's connect and read timeouts.
IN_FLIGHT = dt.timedelta(seconds=50)
#: How long a slot is held for a person who has been sent to consent.
HOLD_DURATION = dt.timedelta(minutes=10)
#: Who was told a time that is not further away than this comes by themselves.
RETRY_GRACE = dt.timedelta(seconds=3)
#: When nothing at all is allowed, ask again after this.
RECHECK_WHEN_BLOCKED = dt.timedelta(hours=1)


class NoSlot(TryLater):
    """No token request may be sent before ``at``. ``renews``: it was to renew the connection's own token."""

    def __init__(self, at: dt.datetime, after: float, because: str = "", *, renews: bool = False) -> None:
        now = at - dt.timedelta(seconds=after)
        reason = f", {because}" if because else ""
        super().__init__(f"No token slot is free before {times.soon(at, now)}{reason}.", after=after)
        self.at = at
        self.because = because
        self.renews = renews


def load_usage(budget: Budget, limits: budgets.Limits | None = None) -> scheduler.Usage:
    """The hour of a budget as it is now. Reads only."""
    at = clock.now()
    limit = (limits or budgets.read_limits(budget)).tokens_per_hour
    lines = TokenRequest.objects.filter(budget=budget)
    lately = lines.exclude(state=RequestState.RELEASED)
    # a slot that was held has passed others over, whether or not it was used
    served = lines.exclude(state=RequestState.RELEASED, held_until=None).exclude(rank=None).order_by("-at")
    recent = [
        scheduler.Rank(rank)
        for rank in served.values_list("rank", flat=True)[: scheduler.FAIRNESS_INTERVAL - 1]
        if rank is not None
    ]
    rows = lately.filter(
        models.Q(at__gt=at - HOUR - MARGIN - IN_FLIGHT) | models.Q(ended_at__gt=at - HOUR - MARGIN)
    )
    frees = sorted(when for when in map(_counts_until, rows) if when > at)
    return scheduler.Usage(at, limit, tuple(frees), tuple(reversed(recent)))


def _counts_until(request: TokenRequest) -> dt.datetime:
    if request.state == RequestState.RESERVED:
        assert request.held_until is not None
        return request.held_until
    return (request.ended_at or request.at + IN_FLIGHT) + HOUR + MARGIN


def preview(
    connection: Connection, *, purpose: Purpose = Purpose.WORK
) -> tuple[scheduler.Usage, scheduler.PlannedRequest]:
    """The hour as it is, and when ``connection`` can send its next token request. Reads only.

    One that does not wait is looked at as if it asked now, for ``purpose``.
    """
    budget = budgets.for_connection(connection)
    now = load_usage(budget)
    return now, _plan_for(connection, purpose, now, demands.load_waiting(budget, now.at))


def preview_newcomer(now: scheduler.Usage, queue: list[scheduler.Demand]) -> scheduler.PlannedRequest:
    """The turn of somebody who begins to wait now, for a consent."""
    me = scheduler.Demand("", scheduler.Rank.PERSON, now.at, now.at, now.at)
    return _found(scheduler.plan_for("", now, [*queue, me]), me, now)


def _plan_for(
    connection: Connection, purpose: Purpose, now: scheduler.Usage, queue: list[scheduler.Demand]
) -> scheduler.PlannedRequest:
    who = str(connection.pk)
    mine = next((demand for demand in queue if demand.who == who), None)
    if mine is None:
        mine = scheduler.Demand(who, demands.RANK_BY_PURPOSE[purpose], now.at, now.at, now.at)
        queue = [*queue, mine]
    return _found(scheduler.plan_for(who, now, queue), mine, now)


def _found(
    turn: scheduler.PlannedRequest | None, mine: scheduler.Demand, now: scheduler.Usage
) -> scheduler.PlannedRequest:
    return turn or scheduler.PlannedRequest(mine.who, now.at + RECHECK_WHEN_BLOCKED, mine.rank)


def next_available_time(environment: Environment, connection: Connection | None = None) -> dt.datetime:
    """When ``connection`` (or a newcomer) can send its next token request, to consent. Reads only."""
    if connection is not None:
        return preview(connection, purpose=Purpose.CONSENT)[1].at
    budget = budgets.for_environment(environment)
    now = load_usage(budget)
    return preview_newcomer(now, demands.load_waiting(budget, now.at)).at


def open_request(
    connection: Connection, *, purpose: Purpose, fence: int, **when: dt.datetime | None
) -> TokenRequest:
    """Write down that a token request is about to be sent for ``connection``. Raises NoSlot, having queued it.

    ``when`` is what `demands.ask` takes: ``stale_since`` and ``due_at``.
    """
    return _record(connection, purpose=purpose, state=RequestState.OPEN, fence=fence, **when)


def hold_slot(connection: Connection) -> TokenRequest:
    """Hold a slot for a person who is about to be sent to consent. Raises NoSlot, having queued them."""
    return _record(connection, purpose=Purpose.CONSENT, state=RequestState.RESERVED, fence=0)


def _record(
    connection: Connection,
    *,
    purpose: Purpose,
    state: RequestState,
    fence: int,
    **when: dt.datetime | None,
) -> TokenRequest:
    budget = budgets.for_connection(connection)
    request: TokenRequest | None = None
    because = ""
    with transaction.atomic(durable=True):
        budget, limits = budgets.lock(budget)
        if limits.stopped:
            raise permits.CallsStopped
        _clamp_future_rows(budget, clock.now())
        demand = demands.enqueue(connection, purpose=purpose, **when)
        now = load_usage(budget, limits)
        turn = _plan_for(connection, purpose, now, demands.load_waiting(budget, now.at))
        if state == RequestState.RESERVED:
            turn, because = _wait_for_colleagues(connection, turn, budget, now.at)
        if turn.at > now.at:
            TokenDemand.objects.filter(pk=demand.pk).update(expected_at=turn.at)
        else:
            if state == RequestState.RESERVED:
                demands.withdraw(connection, [Purpose.CONSENT])
            request = TokenRequest.objects.create(
                budget=budget,
                connection=connection,
                purpose=purpose,
                rank=turn.rank,
                state=state,
                fence=fence,
                at=now.at,
                held_until=now.at + HOLD_DURATION if state == RequestState.RESERVED else None,
            )
    if request is None:
        because = because or scheduler.explain_wait(turn, now)
        raise NoSlot(turn.at, (turn.at - now.at).total_seconds(), because, renews=fence > 0)
    return request


def _clamp_future_rows(budget: Budget, at: dt.datetime) -> None:
    """What a clock wrote that has been put back since counts for an hour from now, not for as long as it was ahead."""
    ahead = TokenRequest.objects.filter(budget=budget, at__gt=at)
    ahead.filter(held_until__isnull=False).update(held_until=at + HOLD_DURATION)
    ahead.exclude(ended_at=None).update(ended_at=at)
    ahead.update(at=at)


def _wait_for_colleagues(
    connection: Connection, turn: scheduler.PlannedRequest, budget: Budget, at: dt.datetime
) -> tuple[scheduler.PlannedRequest, str]:
    """The turn of somebody who consents, and why: one organization's people do not hold all that others wait for."""
    most = demands.max_held_slots(budget)
    if most is None:
        return turn, ""
    theirs = TokenRequest.objects.filter(
        budget=budget,
        state=RequestState.RESERVED,
        held_until__gt=at,
        connection__installation__organization=connection.installation.organization_id,
    )
    # one query: a slot may be released meanwhile, which takes no lock
    held = theirs.aggregate(count=models.Count("pk"), first=models.Min("held_until"))
    if held["count"] < most:
        return turn, ""
    return replace(turn, at=max(turn.at, held["first"])), "because a colleague is consenting just now"


def use_slot(slot: TokenRequest, *, fence: int) -> bool:
    """Turn a held slot into a request that is about to be sent. False when it is no longer held, or was held for
    another source address than the connection goes out by now. Raises Stopped.
    """
    with transaction.atomic(durable=True):
        budget, limits = budgets.lock(slot.budget)
        if limits.stopped:
            raise permits.CallsStopped
        at = clock.now()
        held = TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED, held_until__gt=at)
        is_of_this = slot.connection is not None and budgets.for_connection(slot.connection) == budget
        used = is_of_this and bool(held.update(state=RequestState.OPEN, at=at, fence=fence))
    if used:
        slot.state, slot.at, slot.fence = RequestState.OPEN, at, fence
    return used


def release_slot(slot: TokenRequest) -> None:
    """Give back a held slot that will not be used."""
    TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED).update(
        state=RequestState.RELEASED, ended_at=clock.now()
    )


def close_request(request: TokenRequest, state: RequestState, *, tried_again: bool = False) -> bool:
    """Write down how a sent request ended. False when it was closed before. Never-sent ones stop counting.

    With an answer the demand that it served is over; without one, and when it is ``tried_again``, it goes on waiting.
    One that was taken for lost meanwhile stays so, but counts from now: its answer came later than was thought possible.
    """
    at = clock.now()
    if request.connection_id is not None:
        if state == RequestState.LOST or tried_again:
            demands.reset_priority(request.connection_id)
        elif state in (RequestState.GRANTED, RequestState.REFUSED):
            demands.withdraw(request.connection_id, [Purpose(request.purpose)])
    if TokenRequest.objects.filter(pk=request.pk, state=RequestState.OPEN).update(state=state, ended_at=at):
        return True
    late = TokenRequest.objects.filter(pk=request.pk, state=RequestState.LOST, ended_at__lt=at)
    late.exclude(state=state).update(ended_at=at)
    return False


def find_ready_connections() -> list[uuid.UUID]:
    """The waiting connections whose turn has come although they were told a later time: somebody before them left."""
    came = []
    at = clock.now()
    hosts = TokenDemand.objects.filter(expected_at__gt=at).values(
        "connection__installation__environment__host"
    )
    for budget in Budget.objects.select_related("egress").filter(host__in=hosts):
        now = load_usage(budget)
        queue = demands.load_waiting(budget, now.at)
        for turn in scheduler.plan(now, queue):
            if turn.at > now.at:
                break
            came.append(uuid.UUID(turn.who))
    late = TokenDemand.objects.filter(connection__in=came, expected_at__gt=at + RETRY_GRACE)
    return list(late.values_list("connection", flat=True).distinct())


def mark_notified(connection_id: uuid.UUID) -> None:
    """Somebody has been told that it is their turn: they have a while to come."""
    TokenDemand.objects.filter(connection=connection_id).update(expected_at=clock.now())
