"""The ledger of token requests: never more than the limit in any sliding hour, in the order that `scheduler` plans.

Total Expert allows two token requests per hour for each IP address, for all customers together, and counts failed ones.
So every request is written here before it is sent. Its place in the queue is planned without a lock; the slot is then
taken under the budget's lock, only if one is still available. A request counts from the latest time at which it can
have arrived: when its response came, or, while that is unknown, when the connection would have timed out.

Only this module writes `TokenRequest` rows.
"""

import datetime as dt

from django.db import models, transaction

from integrations.connections.limits import budgets, forecast, permits, queue, scheduler, tries
from integrations.connections.limits.forecast import IN_FLIGHT
from integrations.connections.models import (
    Budget,
    Connection,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from integrations.total_expert import TryLater
from portal.accounts.models import User
from portal.core import clock

#: How long a slot is reserved for a person who was sent to Total Expert.
RESERVATION_DURATION = dt.timedelta(minutes=10)


class NoSlot(TryLater):
    """No token request may be sent before ``at``. ``is_renewal``: it was to renew the connection's own token."""

    def __init__(self, at: dt.datetime, after: float, reason: str = "", *, is_renewal: bool = False) -> None:
        because = f", {reason}" if reason else ""
        super().__init__(f"No token is available yet{because}.", after=after)
        self.at = at
        self.reason = reason
        self.is_renewal = is_renewal


def open_request(
    connection: Connection, *, purpose: Purpose, fence: int, **when: dt.datetime | None
) -> TokenRequest:
    """Record that a token request for ``connection`` is about to be sent. Raise NoSlot after joining the queue.

    ``when`` takes the arguments ``stale_since`` and ``due_at`` of `queue.enqueue`.
    """
    budget = budgets.for_connection(connection)
    request = TokenRequest(
        budget=budget, connection=connection, purpose=purpose, state=RequestState.OPEN, fence=fence
    )
    return _record(request, when)


def open_try(connection: Connection, *, purpose: Purpose, person: User | None) -> TokenRequest:
    """Record that credentials that ``person`` entered are about to be tried.

    Raise NoSlot after joining the queue, or, while tries are paused (`tries`), without blocking anyone in it.
    """
    budget = budgets.for_connection(connection)
    request = TokenRequest(
        budget=budget, connection=connection, purpose=purpose, state=RequestState.OPEN, requested_by=person
    )
    return _record(request, {})


def reserve_slot(connection: Connection) -> TokenRequest:
    """Reserve a slot for a person who is about to be sent to Total Expert. Raise NoSlot after joining the queue.

    Someone who starts again while a slot is reserved for them, as in a second tab, gets the same one, for longer.
    """
    budget = budgets.for_connection(connection)
    request = TokenRequest(
        budget=budget, connection=connection, purpose=Purpose.CONSENT, state=RequestState.RESERVED
    )
    return _record(request, {})


def _record(request: TokenRequest, when: dict[str, dt.datetime | None]) -> TokenRequest:
    """Save a request when it is its turn. Raise NoSlot after joining the queue."""
    connection, budget, purpose = request.connection, request.budget, Purpose(request.purpose)
    assert connection is not None
    if budgets.read_limits(budget).is_stopped:
        raise permits.CallsStopped
    _clamp_future_rows(budget)
    demand = queue.enqueue(connection, purpose=purpose, **when)
    while True:
        shared = _extend_reservation(request)
        if shared is not None:
            queue.withdraw(connection, [purpose])
            return shared
        _refuse_paused_try(request, demand)
        # Planned without the lock, which permits need as well.
        usage = forecast.load_usage(budget)
        planned = forecast.plan_for(connection, purpose, budget, usage)
        at, reason = planned.at, scheduler.explain_wait(planned, usage)
        colleague_until = _first_reservation_to_expire(request, usage)
        if colleague_until is not None:
            at, reason = max(at, colleague_until), "because a colleague is connecting right now"
        if at > usage.at:
            TokenDemand.objects.filter(pk=demand.pk).update(expected_at=at)
            raise NoSlot(at, (at - usage.at).total_seconds(), reason, is_renewal=request.fence > 0)
        request.rank = planned.rank
        if _take_slot(request):
            return request


def _refuse_paused_try(request: TokenRequest, demand: TokenDemand) -> None:
    """Raise NoSlot while tries of credentials are paused for a request. It loses its place in the queue."""
    at = clock.now()
    until = _tries_paused_until(request, at)
    if until is not None:
        TokenDemand.objects.filter(pk=demand.pk).update(
            requested_at=at, expected_at=at - queue.ABANDONED_AFTER
        )
        raise NoSlot(until, (until - at).total_seconds(), tries.REASON)


def _tries_paused_until(request: TokenRequest, at: dt.datetime) -> dt.datetime | None:
    """Return when a request that tries entered credentials may be sent, or None if it may now or tries none."""
    if request.connection is None or request.requested_by is None:
        return None
    installation = request.connection.installation
    return tries.paused_until(
        installation.environment,
        organization_id=installation.organization_id,
        person=request.requested_by,
        at=at,
    )


def _extend_reservation(request: TokenRequest) -> TokenRequest | None:
    """Return the slot that is already reserved for the connection of a reservation, renewed. Return None without one."""
    at = clock.now()
    found = _held_slots(request, at).first()
    if found is None:
        return None
    found.held_until = at + RESERVATION_DURATION
    held = TokenRequest.objects.filter(pk=found.pk, state=RequestState.RESERVED)
    return found if held.update(held_until=found.held_until) else None


def _held_slots(request: TokenRequest, at: dt.datetime) -> "models.QuerySet[TokenRequest]":
    """Return the slots of the same budget that are reserved for the connection of a reservation."""
    rows = TokenRequest.objects.filter(
        budget=request.budget,
        connection=request.connection,
        state=RequestState.RESERVED,
        held_until__gt=at,
    )
    return rows if request.state == RequestState.RESERVED else rows.none()


def _take_slot(request: TokenRequest) -> bool:
    """Save a request if a slot is still available to it, under the budget's lock. Raise CallsStopped."""
    is_reservation = request.state == RequestState.RESERVED
    with transaction.atomic(durable=True):
        budget, limits = budgets.lock(request.budget)
        if limits.is_stopped:
            raise permits.CallsStopped
        usage = forecast.load_usage(budget, limits)
        if _held_slots(request, usage.at).exists():
            return False  # another tab has just reserved it
        if not usage.available or _first_reservation_to_expire(request, usage) is not None:
            return False
        if _tries_paused_until(request, usage.at) is not None:
            return False
        if is_reservation and request.connection is not None:
            queue.withdraw(request.connection, [Purpose.CONSENT])
        request.at, request.held_until = usage.at, usage.at + RESERVATION_DURATION if is_reservation else None
        request.save(force_insert=True)
    return True


def _first_reservation_to_expire(request: TokenRequest, usage: scheduler.Usage) -> dt.datetime | None:
    """Return when the organization's first reserved slot expires if it has reached its limit.

    Return None if it may reserve another, or if ``request`` reserves none.
    """
    limit = queue.max_reserved_slots(usage)
    if request.state != RequestState.RESERVED or request.connection is None or limit is None:
        return None
    reserved = TokenRequest.objects.filter(
        budget=request.budget,
        state=RequestState.RESERVED,
        held_until__gt=usage.at,
        connection__installation__organization=request.connection.installation.organization_id,
    )
    # One query, because a slot may be released meanwhile: that takes no lock.
    found = reserved.aggregate(count=models.Count("pk"), first=models.Min("held_until"))
    first: dt.datetime | None = found["first"] if found["count"] >= limit else None
    return first


def _clamp_future_rows(budget: Budget) -> None:
    """If the clock moved back, treat future-dated requests as written now, so that they block nobody for longer."""
    if not TokenRequest.objects.filter(budget=budget, at__gt=clock.now() + clock.MAX_SKEW).exists():
        return
    with transaction.atomic(durable=True):
        budgets.lock(budget)
        at = clock.now()
        ahead = TokenRequest.objects.filter(budget=budget, at__gt=at)
        ahead.filter(held_until__isnull=False).update(held_until=at + RESERVATION_DURATION)
        ahead.exclude(ended_at=None).update(ended_at=at)
        ahead.update(at=at)


def use_slot(slot: TokenRequest, *, fence: int) -> bool:
    """Turn a reserved slot into a request that is about to be sent. Raise CallsStopped.

    Return False if it is no longer reserved, or if it belongs to another IP address than the connection now uses.
    """
    with transaction.atomic(durable=True):
        budget, limits = budgets.lock(slot.budget)
        if limits.is_stopped:
            raise permits.CallsStopped
        at = clock.now()
        reserved = TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED, held_until__gt=at)
        is_same_budget = slot.connection is not None and budgets.for_connection(slot.connection) == budget
        used = is_same_budget and bool(reserved.update(state=RequestState.OPEN, at=at, fence=fence))
    if used:
        slot.state, slot.at, slot.fence = RequestState.OPEN, at, fence
    return used


def release_slot(slot: TokenRequest) -> None:
    """Give back a reserved slot that won't be used."""
    TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED).update(
        state=RequestState.RELEASED, ended_at=clock.now()
    )


def close_request(request: TokenRequest, state: RequestState, *, will_retry: bool = False) -> bool:
    """Record how a request ended. Return False if it was closed before. A request that was never sent stops counting.

    A response removes the work from the queue, unless the caller ``will_retry``. A request that was declared lost stays
    lost, but counts from now: its response came later than was considered possible.
    """
    at = clock.now()
    if request.connection_id is not None:
        if state == RequestState.LOST or will_retry:
            queue.reset_priority(request.connection_id)
        elif state in (RequestState.GRANTED, RequestState.REFUSED):
            queue.withdraw(request.connection_id, [Purpose(request.purpose)])
    if TokenRequest.objects.filter(pk=request.pk, state=RequestState.OPEN).update(state=state, ended_at=at):
        return True
    late = TokenRequest.objects.filter(pk=request.pk, state=RequestState.LOST, ended_at__lt=at)
    late.exclude(state=state).update(ended_at=at)
    return False


def close_granted(request: TokenRequest, *, is_stored: bool, at: dt.datetime) -> None:
    """Record that a request was granted, in the transaction that stores its token pair.

    A pair that was not stored is lost.
    """
    state = RequestState.GRANTED if is_stored else RequestState.LOST
    TokenRequest.objects.filter(pk=request.pk).update(state=state, ended_at=at)


def close_abandoned(*, before: dt.datetime) -> int:
    """Declare lost the open requests that were sent before a time: their processes died. Return how many there were."""
    return _declare_lost(TokenRequest.objects.filter(at__lt=before))


def close_abandoned_by_holders(connection: Connection, *, before_fence: int) -> None:
    """Declare lost the open requests of a connection's earlier lease holders: they died before they stored a response.

    Requests with proposed credentials have no lease (their fence is 0), so they may still be in progress.
    """
    _declare_lost(TokenRequest.objects.filter(connection=connection, fence__gt=0, fence__lt=before_fence))


def _declare_lost(requests: models.QuerySet[TokenRequest]) -> int:
    return requests.filter(state=RequestState.OPEN).update(
        state=RequestState.LOST, ended_at=models.F("at") + IN_FLIGHT
    )
