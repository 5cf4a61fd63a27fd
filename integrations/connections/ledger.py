"""The ledger of token requests: never more than the limit in any sliding hour, first come, first served.

The vendor allows two token requests an hour for each source address, failed ones included, for all customers
together. So every request is written down before it is sent, in one transaction that holds the environment's lock.
A request counts from the latest moment at which it can have arrived over there: when its answer came, or, while that
is unknown, when its connection would have timed out.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import models, transaction

from integrations.connections.environments import sharing_limits
from integrations.connections.models import (
    Connection,
    Environment,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from integrations.total_expert import TryLater
from portal import clock, moments

HOUR = dt.timedelta(hours=1)
#: A clock that ticks between their window and ours.
MARGIN = dt.timedelta(seconds=1.5)
#: Longest time after which a request that was sent can still arrive: connect and read timeouts of the client.
IN_FLIGHT = dt.timedelta(seconds=35)
#: How long a slot is held for a person who has been sent to consent.
HELD_FOR = dt.timedelta(minutes=10)
#: A demand that does not come back this long after it was due no longer stands in the queue.
FORGOTTEN_AFTER = dt.timedelta(minutes=5)
EGRESS = "direct"


class NoSlot(TryLater):
    """No token request may be sent before ``at``."""

    def __init__(self, at: dt.datetime, after: float) -> None:
        now = at - dt.timedelta(seconds=after)
        super().__init__(f"No token slot is free before {moments.soon(at, now)}.", after=after)
        self.at = at


@dataclass(frozen=True)
class Slots:
    """How the hour looks now: the limit, and when each counted request stops counting, soonest first."""

    limit: int
    frees: tuple[dt.datetime, ...]
    at: dt.datetime

    @property
    def free(self) -> int:
        return max(0, self.limit - len(self.frees))

    def next_for(self, ahead: int) -> dt.datetime:
        """When somebody with ``ahead`` others before them can be served."""
        if not self.limit or ahead < self.free:
            return self.at
        index = ahead - self.free
        if index < len(self.frees):
            return max(self.at, self.frees[index])
        rounds, rest = divmod(index - len(self.frees), self.limit)
        base = self.frees[-self.limit :] or (self.at,) * self.limit
        return base[rest % len(base)] + (rounds + 1) * (HOUR + MARGIN)


def slots(environment: Environment) -> Slots:
    """How many token requests may be sent now, and when the used ones come back. Reads only."""
    at = clock.now()
    limit = environment.tokens_per_hour
    if not limit:
        return Slots(0, (), at)
    rows = TokenRequest.objects.filter(
        models.Q(at__gt=at - HOUR - MARGIN - IN_FLIGHT) | models.Q(ended_at__gt=at - HOUR - MARGIN),
        environment__in=sharing_limits(environment),
        egress=EGRESS,
    ).exclude(state=RequestState.RELEASED)
    frees = sorted(when for when in map(_stops_counting, rows) if when > at)
    return Slots(limit, tuple(frees), at)


def _stops_counting(request: TokenRequest) -> dt.datetime:
    if request.state == RequestState.RESERVED:
        assert request.held_until is not None
        return request.held_until
    return (request.ended_at or request.at + IN_FLIGHT) + HOUR + MARGIN


def next_slot(environment: Environment, connection: Connection | None = None) -> dt.datetime:
    """When ``connection`` (or a newcomer) can send its next token request, those before it in the queue considered."""
    now = slots(environment)
    return now.next_for(_ahead(environment, connection, now.at))


def _ahead(environment: Environment, connection: Connection | None, at: dt.datetime) -> int:
    waiting = TokenDemand.objects.filter(
        connection__installation__environment__in=sharing_limits(environment), due_at__gt=at - FORGOTTEN_AFTER
    )
    if connection is not None:
        waiting = waiting.exclude(connection=connection)
        mine = TokenDemand.objects.filter(connection=connection).order_by("asked_at").first()
        if mine is not None:
            waiting = waiting.filter(asked_at__lt=mine.asked_at)
    return waiting.values("connection").distinct().count()


def take(connection: Connection, *, purpose: Purpose, fence: int) -> TokenRequest:
    """Write down that a token request is about to be sent for ``connection``. Raises NoSlot, having queued it."""
    return _enter(connection, purpose=purpose, state=RequestState.OPEN, fence=fence)


def hold(connection: Connection) -> TokenRequest:
    """Hold a slot for a person who is about to be sent to consent. Raises NoSlot, having queued them."""
    return _enter(connection, purpose=Purpose.CONSENT, state=RequestState.RESERVED, fence=0)


def _enter(connection: Connection, *, purpose: Purpose, state: RequestState, fence: int) -> TokenRequest:
    environment = connection.installation.environment
    refused: NoSlot | None = None
    with transaction.atomic(durable=True):
        lock(environment)
        now = slots(environment)
        when = now.next_for(_ahead(environment, connection, now.at))
        if when > now.at:
            refused = NoSlot(when, (when - now.at).total_seconds())
            TokenDemand.objects.update_or_create(
                connection=connection,
                purpose=purpose,
                defaults={"due_at": when},
                create_defaults={"due_at": when, "stale_since": now.at, "asked_at": now.at},
            )
        else:
            TokenDemand.objects.filter(connection=connection).delete()
            request = TokenRequest.objects.create(
                environment=environment,
                egress=EGRESS,
                connection=connection,
                purpose=purpose,
                state=state,
                fence=fence,
                at=now.at,
                held_until=now.at + HELD_FOR if state == RequestState.RESERVED else None,
            )
    if refused is not None:
        raise refused
    return request


def use(slot: TokenRequest, *, fence: int) -> bool:
    """Turn a held slot into a request that is about to be sent. False when it is no longer held."""
    with transaction.atomic(durable=True):
        lock(slot.environment)
        at = clock.now()
        held = TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED, held_until__gt=at)
        used = bool(held.update(state=RequestState.OPEN, at=at, fence=fence))
    if used:
        slot.state, slot.at, slot.fence = RequestState.OPEN, at, fence
    return used


def release(slot: TokenRequest) -> None:
    """Give back a held slot that will not be used."""
    TokenRequest.objects.filter(pk=slot.pk, state=RequestState.RESERVED).update(
        state=RequestState.RELEASED, ended_at=clock.now()
    )


def close(request: TokenRequest, state: RequestState) -> bool:
    """Write down how a sent request ended. False when it was closed before. Never-sent ones stop counting."""
    return bool(
        TokenRequest.objects.filter(pk=request.pk, state=RequestState.OPEN).update(
            state=state, ended_at=clock.now()
        )
    )


def lock(environment: Environment) -> None:
    """Hold the limits of everything behind one host until the transaction ends (SQLite: the whole database is held)."""
    first = sharing_limits(environment)[0]
    Environment.objects.select_for_update().get(pk=first.pk)
