"""The queue for token requests: who waits for a token, for which purpose, and since when. `scheduler` orders it.

Work that needs a token enters the queue here, and the scheduler reads nothing else. An entry leaves the queue when its
request is granted or finally refused, or when the work is withdrawn. It is ignored while a request of its connection is in
progress, and when its caller is more than `ABANDONED_AFTER` late. A caller that returns within a day gets its old place
back.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    Count,
    DateTimeField,
    F,
    IntegerField,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

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

#: A caller that is this late for its retry is considered gone, and the next one is served.
ABANDONED_AFTER = dt.timedelta(minutes=2)

#: Above this number, reading the whole queue is cheaper than selecting its start.
WHOLE_QUEUE_ABOVE = 1000

RANK_BY_PURPOSE = {
    Purpose.CONSENT: Rank.PERSON,
    Purpose.PERSON: Rank.PERSON,
    Purpose.INTAKE: Rank.INTAKE,
    Purpose.PRIVACY: Rank.PRIVACY,
    Purpose.WORK: Rank.WORK,
    Purpose.KEEP_ALIVE: Rank.WORK,
}
#: The purposes that a token from the connection's existing grant serves.
RENEWAL_PURPOSES = [purpose for purpose in Purpose if purpose != Purpose.CONSENT]
#: A person who connects, unlike one who uses a working connection.
_ASKS_FOR_NEW_ACCESS = Q(purpose=Purpose.CONSENT) | Q(purpose=Purpose.PERSON) & ~Q(
    connection__state=ConnectionState.ACTIVE
)
_FIELDS = (
    "connection_id",
    "purpose",
    "due_at",
    "stale_since",
    "requested_at",
    "prioritized_at",
    "connection__token__refresh_expires_at",
    "connection__state",
)


def enqueue(
    connection: Connection,
    *,
    purpose: Purpose,
    due_at: dt.datetime | None = None,
    stale_since: dt.datetime | None = None,
) -> TokenDemand:
    """Add work for ``connection`` to the queue. An entry that exists keeps its place.

    ``due_at`` is the deadline of the work, ``stale_since`` is when the data that it refreshes was last read. Both
    default to now.
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
    """Remove a connection's entries from the queue, because the work is done or canceled."""
    rows = TokenDemand.objects.filter(connection=connection)
    (rows if purposes is None else rows.filter(purpose__in=list(purposes))).delete()


def suspend(connection: Connection) -> None:
    """Ignore a connection's entries until `enqueue` is called again. They keep their places."""
    TokenDemand.objects.filter(connection=connection, purpose__in=RENEWAL_PURPOSES).update(
        expected_at=clock.now() - ABANDONED_AFTER
    )


def reset_priority(connection: Connection | uuid.UUID) -> None:
    """Undo `prioritize` after a failed request: the connection returns to its own place."""
    TokenDemand.objects.filter(connection=connection).update(prioritized_at=None, prioritized_by=None)


def prioritize(connection: Connection, *, actor: User) -> bool:
    """Move a connection to the front of the queue, by order of an operator. Return False if it isn't waiting.

    A connection that was moved there before keeps its place and its operator.
    """
    entries = TokenDemand.objects.filter(connection=connection)
    with transaction.atomic():
        if entries.filter(prioritized_at__isnull=False).exists():
            return True
        moved = entries.update(prioritized_at=clock.now(), prioritized_by=actor)
        if moved:
            log.record(
                "connection.prioritized",
                actor=actor,
                organization=connection.installation.organization,
                target=connection,
            )
    return bool(moved)


def mark_notified(connection_id: uuid.UUID) -> None:
    """Note that a connection's callers were told to retry now. They are considered gone if they don't."""
    TokenDemand.objects.filter(connection=connection_id).update(expected_at=clock.now())


def load_waiting(
    budget: Budget,
    usage: scheduler.Usage,
    *,
    first: int | None = None,
    include: Connection | None = None,
) -> list[scheduler.Demand]:
    """Return the demands that wait for a budget, one per connection, in no particular order.

    With ``first``, return only as many as `scheduler.plan` needs to plan its first ``first`` requests, and that of the
    connection ``include`` if it waits. Up to `WHOLE_QUEUE_ABOVE`, the cost then hardly depends on the length of the queue.
    """
    at = usage.at
    rows = _waiting(budget, usage)
    delays = backoff.for_budget(budget, at)
    if first is not None and first <= WHOLE_QUEUE_ABOVE:
        needed = _find_first(rows, at, first, delays) | ({include.pk} if include is not None else set())
        rows = rows.filter(connection__in=needed)
    return merge_by_connection(
        (row | {"backoff": delays.get(row["connection_id"], backoff.NONE)} for row in rows.values(*_FIELDS)),
        at,
    )


def count_waiting(budget: Budget, usage: scheduler.Usage) -> int:
    """Return how many connections wait for a budget."""
    counted: int = _waiting(budget, usage).aggregate(count=Count("connection", distinct=True))["count"]
    return counted


def _waiting(budget: Budget, usage: scheduler.Usage) -> QuerySet[TokenDemand]:
    """Return the entries of a budget's queue that count now."""
    on_time = TokenDemand.objects.filter(
        budgets.uses(budget, "connection__"), expected_at__gt=usage.at - ABANDONED_AFTER
    )
    return on_time.exclude(connection__in=_in_progress(budget, usage.at)).exclude(
        purpose=Purpose.CONSENT,
        connection__installation__organization__in=_organizations_at_reservation_limit(budget, usage),
    )


def _find_first(
    rows: QuerySet[TokenDemand], at: dt.datetime, count: int, delays: Mapping[uuid.UUID, backoff.Backoff]
) -> set[uuid.UUID]:
    """Return the connections that can be among the first ``count`` planned requests.

    These are the first by sort key, the longest-waiting ones (for fairness), and all that back off, since they may become
    ready meanwhile. The ranking repeats that of `_build_demand` and `Demand.key` in SQL. A test compares the two.
    """
    backing_off = {pk for pk, row in delays.items() if row.not_before is not None}
    if not count:  # without a limit; building the queries would take as long as the rest of the plan
        return backing_off
    demoted = Q(connection__in=[pk for pk, row in delays.items() if row.is_without_priority])
    expiring = Q(
        connection__token__refresh_expires_at__gt=at,
        connection__token__refresh_expires_at__lte=at + scheduler.EXPIRING_WITHIN,
        connection__state=ConnectionState.ACTIVE,
    )
    rank = Case(
        When(expiring, then=Value(Rank.EXPIRING)),
        When(prioritized_at__isnull=False, then=Value(Rank.PRIORITIZED)),
        When(demoted & _ASKS_FOR_NEW_ACCESS, then=Value(Rank.WORK)),
        *(When(purpose=purpose, then=Value(rank)) for purpose, rank in RANK_BY_PURPOSE.items()),
        output_field=IntegerField(),
    )
    merged = (
        rows.exclude(connection__in=backing_off)
        .order_by()
        .values("connection")
        .annotate(
            rank=Min(rank),
            waits_since=Min(Coalesce("prioritized_at", "requested_at")),
            key=Case(
                When(rank=Rank.EXPIRING, then=Min("connection__token__refresh_expires_at")),
                When(rank=Rank.PRIVACY, then=Min("due_at", filter=Q(purpose=Purpose.PRIVACY))),
                When(rank=Rank.WORK, then=Min("stale_since")),
                default=F("waits_since"),
                output_field=DateTimeField(),
            ),
        )
    )
    # Databases keep only the first rows while they sort. Numbering both orders in one query takes twice as long.
    orders = (("rank", "key", "waits_since", "connection"), ("waits_since", "rank", "key", "connection"))
    first = (row["connection"] for order in orders for row in merged.order_by(*order)[:count])
    return {*first, *backing_off}


def _organizations_at_reservation_limit(budget: Budget, usage: scheduler.Usage) -> list[int]:
    """Return the organizations that have as many reserved slots as one organization may have."""
    limit = max_reserved_slots(usage)
    if limit is None:
        return []
    reserved = TokenRequest.objects.filter(
        budget=budget, state=RequestState.RESERVED, held_until__gt=usage.at
    )
    counts = (
        reserved.values_list("connection__installation__organization").annotate(count=Count("pk")).order_by()
    )
    return [organization for organization, count in counts if count >= limit]


def max_reserved_slots(usage: scheduler.Usage) -> int | None:
    """Return how many reserved slots one organization may have at a time: half of an hour's slots, at least one.

    Return None if the budget has no limit.
    """
    return None if usage.limit is None else max(1, usage.limit // 2)


def _in_progress(budget: Budget, at: dt.datetime) -> QuerySet[TokenRequest, uuid.UUID | None]:
    """Return the connections that have a token request in progress or a reserved slot, so they don't wait for another."""
    in_progress = Q(state=RequestState.OPEN) | Q(state=RequestState.RESERVED, held_until__gt=at)
    rows = TokenRequest.objects.filter(in_progress, budget=budget, connection__isnull=False)
    return rows.values_list("connection", flat=True)


def merge_by_connection(rows: Iterable[Mapping[str, Any]], at: dt.datetime) -> list[scheduler.Demand]:
    """Return one demand per connection from rows as `load_waiting` reads them. `simulate` passes rows of its own."""
    found: dict[str, scheduler.Demand] = {}
    for row in rows:
        demand = _build_demand(row, at)
        other = found.get(demand.connection_id)
        found[demand.connection_id] = demand if other is None else _merge(demand, other)
    return list(found.values())


def _build_demand(row: Mapping[str, Any], at: dt.datetime) -> scheduler.Demand:
    purpose, due_at, requested_at = row["purpose"], row["due_at"], row["requested_at"]
    rank = RANK_BY_PURPOSE[purpose]
    delay: backoff.Backoff = row["backoff"]
    is_consent = purpose == Purpose.CONSENT
    not_before = None if is_consent else delay.not_before
    is_working = row["connection__state"] == ConnectionState.ACTIVE
    if delay.is_without_priority and (is_consent or (purpose == Purpose.PERSON and not is_working)):
        rank = Rank.WORK
    if row["prioritized_at"] is not None and rank > Rank.PRIORITIZED:
        rank, requested_at, not_before = Rank.PRIORITIZED, row["prioritized_at"], None
    expires_at = row["connection__token__refresh_expires_at"]
    if (
        expires_at
        and at < expires_at <= at + scheduler.EXPIRING_WITHIN
        and row["connection__state"] == ConnectionState.ACTIVE
    ):
        rank, due_at = Rank.EXPIRING, expires_at
    return scheduler.Demand(
        str(row["connection_id"]), rank, due_at, row["stale_since"], requested_at, not_before
    )


def _merge(one: scheduler.Demand, other: scheduler.Demand) -> scheduler.Demand:
    """Return one demand for everything that a connection needs: one token serves all of it."""
    first, second = sorted((one, other), key=lambda demand: demand.key)
    return scheduler.Demand(
        first.connection_id,
        first.rank,
        first.due_at,
        min(first.stale_since, second.stale_since),
        min(first.requested_at, second.requested_at),
        first.not_before and second.not_before,
    )
