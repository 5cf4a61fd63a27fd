"""Backoff: delays for connections whose token requests keep failing, and limits on slots that people don't use.

A failing connection must not use up the tokens that all connections share, and people must learn about it. Everything
here is derived from the ledger.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Purpose,
    RequestState,
    TokenRequest,
)

#: How far back the ledger is read. Long enough to see all failures of a connection that backs off for the maximum time.
LOOKBACK = dt.timedelta(days=4)
#: After this many failures in a row, each further request is delayed. The delay doubles up to the maximum.
FAILURES_BEFORE_DELAY = 2
FIRST_DELAY, MAX_DELAY = dt.timedelta(hours=1), dt.timedelta(hours=12)
#: After this many failures in a row, people get a notice.
FAILURES_BEFORE_NOTICE = 3
#: A person who lets this many reserved slots expire within this time loses their priority.
MAX_EXPIRED_RESERVATIONS, EXPIRED_RESERVATIONS_WINDOW = 2, dt.timedelta(hours=1)
#: A connection that was given new access this often within this time loses its priority for more of it.
MAX_NEW_GRANTS, NEW_GRANTS_WINDOW = 2, dt.timedelta(hours=24)


@dataclass(frozen=True)
class Backoff:
    """A connection's failures since its last granted token."""

    failures: int = 0
    not_before: dt.datetime | None = None
    expired_reservations: int = 0
    new_grants: int = 0

    @property
    def is_without_priority(self) -> bool:
        """Whether a person who connects it goes no longer before background work."""
        return self.expired_reservations >= MAX_EXPIRED_RESERVATIONS or self.new_grants >= MAX_NEW_GRANTS


NONE = Backoff()
_FAILED = Q(state__in=[RequestState.LOST, RequestState.REFUSED]) & ~Q(purpose=Purpose.CONSENT)
_GRANTED = Q(state=RequestState.GRANTED)


def for_budget(budget: Budget, at: dt.datetime) -> dict[uuid.UUID, Backoff]:
    """Return the backoff of each of a budget's connections that had failures recently."""
    return _load(Q(budget=budget), at)


def load_failing(at: dt.datetime) -> dict[uuid.UUID, Backoff]:
    """Return the backoff of each connection whose token requests failed often enough for a notice."""
    failed = TokenRequest.objects.filter(_FAILED, at__gt=at - LOOKBACK, connection__isnull=False)
    often = (
        failed.order_by()
        .values("connection")
        .annotate(count=Count("pk"))
        .filter(count__gte=FAILURES_BEFORE_NOTICE)
        .values("connection")
    )
    found = _load(Q(connection__in=often), at)
    return {pk: row for pk, row in found.items() if row.failures >= FAILURES_BEFORE_NOTICE}


def find_failing(at: dt.datetime) -> list[Connection]:
    """Return the active connections whose token requests failed often enough for a notice."""
    rows = Connection.objects.filter(pk__in=load_failing(at), state=ConnectionState.ACTIVE)
    return list(rows.select_related("installation__organization", "installation__environment", "user"))


def describe(backoff: Backoff) -> str:
    """Return a sentence about a connection that backs off. Return "" if it does not."""
    if backoff.not_before is None:
        return ""
    return (
        f"Its last {backoff.failures} token requests failed. The portal waits longer after each failure, so that other "
        "connections get their tokens."
    )


def for_connection(connection: Connection, at: dt.datetime) -> Backoff:
    """Return the backoff of one connection."""
    return _load(Q(connection=connection), at).get(connection.pk, NONE)


def _load(among: Q, at: dt.datetime) -> dict[uuid.UUID, Backoff]:
    expired_reservation = Q(
        purpose=Purpose.CONSENT, held_until__isnull=False, at__gt=at - EXPIRED_RESERVATIONS_WINDOW
    ) & (Q(state=RequestState.RELEASED) | Q(state=RequestState.RESERVED, held_until__lte=at))
    recent = TokenRequest.objects.filter(among, at__gt=at - LOOKBACK, connection__isnull=False)
    failed: dict[uuid.UUID, list[dt.datetime]] = {}
    expired_reservations: dict[uuid.UUID, int] = {}
    new_grants: dict[uuid.UUID, int] = {}
    rows = recent.filter(_FAILED | _GRANTED | expired_reservation).order_by("at")
    for row in rows.only("connection", "state", "purpose", "requested_by", "at", "ended_at"):
        assert row.connection_id is not None
        if row.state == RequestState.GRANTED:
            failed.pop(row.connection_id, None)
            expired_reservations.pop(row.connection_id, None)
            is_new = row.purpose == Purpose.CONSENT or row.requested_by_id is not None
            if is_new and row.at > at - NEW_GRANTS_WINDOW:
                new_grants[row.connection_id] = new_grants.get(row.connection_id, 0) + 1
        elif row.purpose == Purpose.CONSENT:
            expired_reservations[row.connection_id] = expired_reservations.get(row.connection_id, 0) + 1
        else:
            failed.setdefault(row.connection_id, []).append(row.ended_at or row.at)
    return {
        pk: from_failures(failed.get(pk, []), expired_reservations.get(pk, 0), new_grants.get(pk, 0))
        for pk in failed.keys() | expired_reservations.keys() | new_grants.keys()
    }


def from_failures(
    failed: Sequence[dt.datetime], expired_reservations: int = 0, new_grants: int = 0
) -> Backoff:
    """Return the backoff after failures at these times (latest last) without a granted token since."""
    doublings = len(failed) - FAILURES_BEFORE_DELAY
    delay = min(FIRST_DELAY * 2 ** min(max(doublings, 0), 10), MAX_DELAY)
    not_before = failed[-1] + delay if doublings >= 0 else None
    return Backoff(len(failed), not_before, expired_reservations, new_grants)
