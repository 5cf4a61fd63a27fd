"""Demands: what waits for a token, as the queue that `turns` puts in order.

Whoever has work for a connection asks here; nothing else decides who is served. A demand leaves the queue when its
connection is granted a token, when it is withdrawn, or when its asker stays away for `FORGOTTEN_AFTER` after its turn.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from integrations.connections import budgets, turns
from integrations.connections.models import Budget, Connection, Purpose, State, TokenDemand
from integrations.connections.turns import Rank
from portal import clock
from portal.audit import log
from portal.organizations.models import User

#: Somebody who was told to come back and has not come so long after counts as gone: others go on.
FORGOTTEN_AFTER = dt.timedelta(minutes=2)

RANKS = {
    Purpose.CONSENT: Rank.PERSON,
    Purpose.PERSON: Rank.PERSON,
    Purpose.INTAKE: Rank.INTAKE,
    Purpose.PRIVACY: Rank.PRIVACY,
    Purpose.WORK: Rank.WORK,
    Purpose.KEEP_ALIVE: Rank.WORK,
}


def ask(
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
        create_defaults={"due_at": at, "stale_since": at, "asked_at": at, "expected_at": at} | given,
    )
    return row


def withdraw(connection: Connection | uuid.UUID, purposes: Iterable[Purpose] | None = None) -> None:
    """Leave the queue: the work was done, paused or given up."""
    rows = TokenDemand.objects.filter(connection=connection)
    (rows if purposes is None else rows.filter(purpose__in=list(purposes))).delete()


def forward(connection: Connection, *, actor: User) -> bool:
    """An operator puts a connection before the others. False when it does not wait."""
    with transaction.atomic():
        moved = TokenDemand.objects.filter(connection=connection).update(
            forwarded_at=clock.now(), forwarded_by=actor
        )
        if moved:
            log.record(
                "connection.forwarded",
                actor=actor,
                organization=connection.installation.organization,
                target=connection,
            )
    return bool(moved)


def waiting(budget: Budget, at: dt.datetime) -> list[turns.Demand]:
    """The queue of one budget, not yet in order: one demand a connection."""
    in_time = TokenDemand.objects.filter(
        connection__in=budgets.connections_of(budget), expected_at__gt=at - FORGOTTEN_AFTER
    )
    rows = in_time.exclude(connection__state=State.PAUSED)
    return one_each(
        rows.values(
            "connection_id",
            "purpose",
            "due_at",
            "stale_since",
            "asked_at",
            "forwarded_at",
            "connection__token__refresh_expires_at",
            "connection__state",
        ),
        at,
    )


def one_each(rows: Iterable[Mapping[str, Any]], at: dt.datetime) -> list[turns.Demand]:
    """One demand a connection, from rows as `waiting` reads them; `simulate` makes up rows of its own."""
    found: dict[str, turns.Demand] = {}
    for row in rows:
        demand = _demand(row, at)
        other = found.get(demand.who)
        found[demand.who] = demand if other is None else _merge(demand, other)
    return list(found.values())


def _demand(row: Mapping[str, Any], at: dt.datetime) -> turns.Demand:
    rank, due_at, asked_at = RANKS[Purpose(row["purpose"])], row["due_at"], row["asked_at"]
    if row["forwarded_at"] is not None and rank > Rank.FORWARDED:
        rank, asked_at = Rank.FORWARDED, row["forwarded_at"]
    dies_at = row["connection__token__refresh_expires_at"]
    if dies_at and at < dies_at <= at + turns.DYING and row["connection__state"] == State.ACTIVE:
        rank, due_at = Rank.DYING, dies_at
    return turns.Demand(str(row["connection_id"]), rank, due_at, row["stale_since"], asked_at)


def _merge(one: turns.Demand, other: turns.Demand) -> turns.Demand:
    """What is wanted of one connection, as one: a token serves all of it."""
    first, second = sorted((one, other), key=lambda demand: demand.key)
    return turns.Demand(
        first.who,
        first.rank,
        first.due_at,
        min(first.stale_since, second.stale_since),
        min(first.asked_at, second.asked_at),
    )
