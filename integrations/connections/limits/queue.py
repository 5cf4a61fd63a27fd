"""Demands: what waits for a token, as the queue that `scheduler` puts in order.

Whoever has work for a connection asks here; nothing else decides who is served. A demand is over when its connection is
granted a token, or when it is withdrawn. It stands in the queue unless a request of its connection is under way, or its
asker stays away for `ABANDONED_AFTER` after its turn; whoever comes back within a day has the old place.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from integrations.connections.limits import backoff, budgets, scheduler
from integrations.connections.limits.scheduler import Rank
from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock

#: Somebody who was told to come back and has not come so long after counts as gone: others go on.
ABANDONED_AFTER = dt.timedelta(minutes=2)

RANK_BY_PURPOSE = {
    Purpose.CONSENT: Rank.PERSON,
    Purpose.PERSON: Rank.PERSON,
    Purpose.INTAKE: Rank.INTAKE,
    Purpose.PRIVACY: Rank.PRIVACY,
    Purpose.WORK: Rank.WORK,
    Purpose.KEEP_ALIVE: Rank.WORK,
}
_READ = (
    "connection_id",
    "purpose",
    "due_at",
    "stale_since",
    "requested_at",
    "prioritized_at",
    "connection__token__refresh_expires_at",
    "connection__state",
)
#: What a token by the connection's own grant serves. A person on the way to consent waits for another grant.
RENEWAL_PURPOSES = [purpose for purpose in Purpose if purpose != Purpose.CONSENT]


def enqueue(
    connection: Connection,
    *,
    purpose: Purpose,
    due_at: dt.datetime | None = None,
    stale_since: dt.datetime | None = None,
) -> TokenDemand:
    """Stand in the queue for a token of ``connection``. Who stands there already keeps the place.

    ``due_at`` is when the work should be done, ``stale_since`` how old what it renews is; both are now by default.
    """
    at = clock.now()
    given = {
        name: value for name, value in (("due_at", due_at), ("stale_since", stale_since)) if value is not None
    }
    row, _ = TokenDemand.objects.update_or_create(
        connection=connection,
        purpose=purpose,
        defaults=given | {"expected_at": at},
        create_defaults={"due_at": at, "stale_since": at, "requested_at": at, "expected_at": at} | given,
    )
    return row


def withdraw(connection: Connection | uuid.UUID, purposes: Iterable[Purpose] | None = None) -> None:
    """Leave the queue: the work was done, paused or given up."""
    rows = TokenDemand.objects.filter(connection=connection)
    (rows if purposes is None else rows.filter(purpose__in=list(purposes))).delete()


def suspend(connection: Connection) -> None:
    """Stand in the queue no more until asked for again, and then in the same place."""
    TokenDemand.objects.filter(connection=connection, purpose__in=RENEWAL_PURPOSES).update(
        expected_at=clock.now() - ABANDONED_AFTER
    )


def reset_priority(connection: Connection | uuid.UUID) -> None:
    """A request was sent for it and failed. It stands where it stood, though not where an operator moved it."""
    TokenDemand.objects.filter(connection=connection).update(prioritized_at=None, prioritized_by=None)


def prioritize(connection: Connection, *, actor: User) -> bool:
    """An operator puts a connection before the others. False when it does not wait."""
    with transaction.atomic():
        moved = TokenDemand.objects.filter(connection=connection).update(
            prioritized_at=clock.now(), prioritized_by=actor
        )
        if moved:
            log.record(
                "connection.prioritized",
                actor=actor,
                organization=connection.installation.organization,
                target=connection,
            )
    return bool(moved)


def load_waiting(budget: Budget, at: dt.datetime) -> list[scheduler.Demand]:
    """The queue of one budget, not yet in order: one demand a connection."""
    in_time = TokenDemand.objects.filter(
        connection__in=budgets.connections_using(budget), expected_at__gt=at - ABANDONED_AFTER
    )
    rows = in_time.exclude(connection__in=_in_progress(budget, at)).exclude(
        purpose=Purpose.CONSENT,
        connection__installation__organization__in=organizations_at_hold_limit(budget, at),
    )
    lately = backoff.for_budget(budget, at)
    return merge_by_connection(
        (row | {"setbacks": lately.get(row["connection_id"], backoff.NONE)} for row in rows.values(*_READ)),
        at,
    )


def organizations_at_hold_limit(budget: Budget, at: dt.datetime) -> list[int]:
    """The organizations whose people hold as many slots as one may have at a time."""
    most = max_held_slots(budget)
    if most is None:
        return []
    held = TokenRequest.objects.filter(budget=budget, state=RequestState.RESERVED, held_until__gt=at)
    whose = held.values_list("connection__installation__organization").annotate(count=Count("pk")).order_by()
    return [organization for organization, count in whose if count >= most]


def max_held_slots(budget: Budget) -> int | None:
    """Return how many slots one organization's people may hold at a time: half of the hour's, at least one.

    None if the budget has no limit.
    """
    allowed = budgets.read_limits(budget).tokens_per_hour
    return None if allowed is None else max(1, allowed // 2)


def _in_progress(budget: Budget, at: dt.datetime) -> QuerySet[TokenRequest, uuid.UUID | None]:
    """The connections whose token request is under way, or that a slot is held for: they wait for no other."""
    under_way = Q(state=RequestState.OPEN) | Q(state=RequestState.RESERVED, held_until__gt=at)
    rows = TokenRequest.objects.filter(under_way, budget=budget, connection__isnull=False)
    return rows.values_list("connection", flat=True)


def merge_by_connection(rows: Iterable[Mapping[str, Any]], at: dt.datetime) -> list[scheduler.Demand]:
    """One demand a connection, from rows as `load_waiting` makes them; `simulate` makes up rows of its own."""
    found: dict[str, scheduler.Demand] = {}
    for row in rows:
        demand = _build_demand(row, at)
        other = found.get(demand.who)
        found[demand.who] = demand if other is None else _merge(demand, other)
    return list(found.values())


def _build_demand(row: Mapping[str, Any], at: dt.datetime) -> scheduler.Demand:
    rank, due_at, requested_at = RANK_BY_PURPOSE[Purpose(row["purpose"])], row["due_at"], row["requested_at"]
    lately: backoff.Backoff = row["setbacks"]
    consents = row["purpose"] == Purpose.CONSENT
    rests_until = None if consents else lately.rests_until
    if consents and lately.lapses >= backoff.MAX_EXPIRED_HOLDS:
        rank = Rank.WORK
    if row["prioritized_at"] is not None and rank > Rank.PRIORITIZED:
        rank, requested_at, rests_until = Rank.PRIORITIZED, row["prioritized_at"], None
    dies_at = row["connection__token__refresh_expires_at"]
    if (
        dies_at
        and at < dies_at <= at + scheduler.EXPIRING_WITHIN
        and row["connection__state"] == ConnectionState.ACTIVE
    ):
        rank, due_at = Rank.EXPIRING, dies_at
    return scheduler.Demand(
        str(row["connection_id"]), rank, due_at, row["stale_since"], requested_at, rests_until
    )


def _merge(one: scheduler.Demand, other: scheduler.Demand) -> scheduler.Demand:
    """What is wanted of one connection, as one: a token serves all of it."""
    first, second = sorted((one, other), key=lambda demand: demand.key)
    return scheduler.Demand(
        first.who,
        first.rank,
        first.due_at,
        min(first.stale_since, second.stale_since),
        min(first.requested_at, second.requested_at),
        first.rests_until and second.rests_until,
    )
