"""Setbacks: token requests that failed one after the other, and held slots that nobody came back for.

Who fails again and again must not use up what all share, and people must hear of it. Read from the ledger alone.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Purpose,
    RequestState,
    TokenRequest,
)
from portal.core import times

#: How far back the ledger is read: so far that who rests longest has failed often enough in it to rest as long again.
LOOKBACK = dt.timedelta(days=4)
#: After so many failures in a row a connection rests before its next request, each time twice as long, up to the longest.
FAILURES_BEFORE_DELAY = 2
FIRST_DELAY, MAX_DELAY = dt.timedelta(hours=1), dt.timedelta(hours=12)
#: After so many in a row people are told.
FAILURES_BEFORE_NOTICE = 3
#: Who let so many held slots lapse within the hour goes before nobody any more.
MAX_EXPIRED_HOLDS, EXPIRED_HOLDS_WINDOW = 2, dt.timedelta(hours=1)


@dataclass(frozen=True)
class Backoff:
    """What went wrong for one connection since it was last granted a token."""

    failures: int = 0
    rests_until: dt.datetime | None = None
    lapses: int = 0


NONE = Backoff()
_FAILED = Q(state__in=[RequestState.LOST, RequestState.REFUSED]) & ~Q(purpose=Purpose.CONSENT)
_GRANTED = Q(state=RequestState.GRANTED)


def for_budget(budget: Budget, at: dt.datetime) -> dict[uuid.UUID, Backoff]:
    """The setbacks of all connections of a budget that had any lately."""
    return _load(Q(budget=budget), at)


def find_failing(at: dt.datetime) -> list[Connection]:
    """The working connections whose token requests failed so often in a row that people are told."""
    found = [pk for pk, row in _load(Q(), at).items() if row.failures >= FAILURES_BEFORE_NOTICE]
    rows = Connection.objects.filter(pk__in=found, state=ConnectionState.ACTIVE)
    return list(rows.select_related("installation__organization", "installation__environment", "user"))


def describe(lately: Backoff) -> str:
    """What is said of a connection whose requests failed in a row; "" when that is no matter yet."""
    if lately.rests_until is None:
        return ""
    return (
        f"Its last {lately.failures} token requests failed. So that others get theirs, the next is sent no sooner than "
        f"{times.exact(lately.rests_until)}."
    )


def for_connection(connection: Connection, at: dt.datetime) -> Backoff:
    """The setbacks of one connection."""
    return _load(Q(connection=connection), at).get(connection.pk, NONE)


def _load(whose: Q, at: dt.datetime) -> dict[uuid.UUID, Backoff]:
    lapsed = Q(purpose=Purpose.CONSENT, held_until__isnull=False, at__gt=at - EXPIRED_HOLDS_WINDOW) & (
        Q(state=RequestState.RELEASED) | Q(state=RequestState.RESERVED, held_until__lte=at)
    )
    lately = TokenRequest.objects.filter(whose, at__gt=at - LOOKBACK, connection__isnull=False)
    found: dict[uuid.UUID, list[dt.datetime]] = {}
    lapses: dict[uuid.UUID, int] = {}
    for row in lately.filter(_FAILED | _GRANTED | lapsed).order_by("at"):
        assert row.connection_id is not None
        if row.state == RequestState.GRANTED:
            found.pop(row.connection_id, None)
            lapses.pop(row.connection_id, None)
        elif row.purpose == Purpose.CONSENT:
            lapses[row.connection_id] = lapses.get(row.connection_id, 0) + 1
        else:
            found.setdefault(row.connection_id, []).append(row.ended_at or row.at)
    return {pk: from_failures(found.get(pk, []), lapses.get(pk, 0)) for pk in found.keys() | lapses.keys()}


def from_failures(failed: Sequence[dt.datetime], lapses: int = 0) -> Backoff:
    """The setbacks of a connection whose requests failed at these moments, the latest last, and none was granted since."""
    doublings = len(failed) - FAILURES_BEFORE_DELAY
    rest = min(FIRST_DELAY * 2 ** min(max(doublings, 0), 10), MAX_DELAY)
    return Backoff(len(failed), failed[-1] + rest if doublings >= 0 else None, lapses)
