"""How far a bulk import is: each row's standing, what waits for a token, and about when it gets one."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from integrations.connections.limits import budgets, capacity, egress, forecast, scheduler
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import Budget, Connection, Egress, Environment
from integrations.jobs.models import Job, JobState
from integrations.onboarding import verification
from integrations.onboarding.bulk.models import BulkImport, BulkRow
from integrations.onboarding.models import Verification
from portal.core import clock


@dataclass(frozen=True)
class Standing:
    """Where a row stands, as a badge shows it: ``look`` is a name of `portal.core.badges`."""

    name: str
    word: str
    look: str


#: In the order in which a row comes through them, and then those that end otherwise.
STANDINGS = {
    row.name: row
    for row in (
        Standing("bad", "To correct", "bad"),
        Standing("ready", "Ready", "ok"),
        Standing("confirmed", "To create", "waiting"),
        Standing("queued", "Queued", "waiting"),
        Standing("verifying", "Verifying", "running"),
        Standing("connected", "Connected", "ok"),
        Standing("failed", "Refused", "bad"),
        Standing("stopped", "Stopped", "warn"),
        Standing("refused", "Not created", "bad"),
        Standing("left_out", "Left out", "idle"),
        Standing("gone", "Gone since", "idle"),
    )
}
#: Standings from which a row goes on by itself.
MOVING = ("confirmed", "queued", "verifying")


def standings(source: BulkImport) -> "QuerySet[Any]":
    """The rows of an import with ``standing``, a name of `STANDINGS`."""
    works = Job.objects.filter(
        kind=verification.KIND,
        connection=OuterRef("connection"),
        state__in=[JobState.WAITING, JobState.RUNNING],
    )
    outcome = "connection__verification__outcome"
    running = Q(**{outcome: Verification.Outcome.RUNNING})
    return source.rows.alias(is_worked_on=Exists(works)).annotate(
        standing=Case(
            When(~Q(state=BulkRow.State.APPLIED), then=F("state")),
            When(**{outcome: Verification.Outcome.DONE}, then=Value("connected")),
            When(**{outcome: Verification.Outcome.FAILED}, then=Value("failed")),
            When(running & Q(is_worked_on=False), then=Value("stopped")),
            When(running & Q(connection__verification__steps=[]), then=Value("queued")),
            When(running, then=Value("verifying")),
            default=Value("gone"),
            output_field=CharField(),
        )
    )


def counts(source: BulkImport) -> list[tuple[Standing, int]]:
    """How many rows stand where, in the usual order, without those where none does."""
    found = dict(standings(source).order_by().values_list("standing").annotate(count=Count("pk")))
    return [(standing, found[name]) for name, standing in STANDINGS.items() if name in found]


def queued(source: BulkImport) -> list[Connection]:
    """The connections of an import that wait for their first token."""
    waiting = standings(source).filter(standing="queued").order_by()
    rows = Connection.objects.filter(pk__in=waiting.values("connection"))
    return list(rows.select_related("installation__environment", "egress"))


def expected_times(connections: Iterable[Connection]) -> dict[uuid.UUID, dt.datetime]:
    """About when each of these connections gets its token, if all of them want one. Those that never do are left out."""
    groups: dict[tuple[str, Any], list[Connection]] = {}
    for connection in connections:
        groups.setdefault((connection.installation.environment.host, connection.egress_id), []).append(
            connection
        )
    times: dict[uuid.UUID, dt.datetime] = {}
    for group in groups.values():
        times |= _plan(budgets.for_connection(group[0]), [row.pk for row in group])
    return times


def _plan(budget: Budget, wanted: Sequence[uuid.UUID]) -> dict[uuid.UUID, dt.datetime]:
    """The turns of ``wanted`` in the queue of a budget; who does not stand there yet joins it now, in this order."""
    now = forecast.load_usage(budget)
    queue = token_queue.load_waiting(budget, now.at)
    here = {demand.connection_id for demand in queue}
    queue += [
        scheduler.Demand(
            str(who), scheduler.Rank.WORK, now.at, now.at, now.at + place * dt.timedelta.resolution
        )
        for place, who in enumerate(wanted)
        if str(who) not in here
    ]
    found = {planned.connection_id: planned.at for planned in scheduler.plan(now, queue)}
    return {who: found[str(who)] for who in wanted if str(who) in found}


@dataclass(frozen=True)
class Cost:
    """What the rows of an unconfirmed import will cost: token requests, and about when the last one is through."""

    requests: int
    last_at: dt.datetime | None  #: None: never, as things are

    @property
    def is_now(self) -> bool:
        """Whether nobody has to wait."""
        return self.last_at is not None and self.last_at <= clock.now()


def cost(source: BulkImport) -> Cost:
    """One token request for each row that is ready; every budget serves its own rows beside the others."""
    found: dict[uuid.UUID, dt.datetime] = {}
    total = 0
    for environment, rows in _ready(source):
        by_way: dict[Egress | None, list[uuid.UUID]] = {}
        for row, way in zip(rows, egress.choose_egresses(environment, len(rows)), strict=True):
            by_way.setdefault(way, []).append(row)
        for way, wanted in by_way.items():
            found |= _plan(budgets.for_environment(environment, way), wanted)
        total += len(rows)
    return Cost(total, max(found.values()) if total and len(found) == total else None)


def warnings(source: BulkImport) -> list[str]:
    """What it means for everybody's mirrors when the rows that are ready are connected, those of other files that are
    confirmed counted in; empty while it means nothing.
    """
    confirmed = BulkRow.objects.filter(state=BulkRow.State.CONFIRMED)
    told = [
        capacity.overload_warning(
            environment,
            admins=len(rows) + confirmed.filter(environment__host=environment.host).count(),
        )
        for environment, rows in _ready(source)
    ]
    return [sentence for sentence in told if sentence]


def _ready(source: BulkImport) -> list[tuple[Environment, list[uuid.UUID]]]:
    """The rows that would be created, by the host that they lead to; with an environment there."""
    ready = source.rows.filter(state=BulkRow.State.READY).order_by("number").select_related("environment")
    found: dict[str, tuple[Environment, list[uuid.UUID]]] = {}
    for row in ready:
        assert row.environment is not None  # a row without one did not pass
        _, rows = found.setdefault(row.environment.host, (row.environment, []))
        rows.append(row.pk)
    return list(found.values())


def problems_of(rows: Iterable[BulkRow]) -> dict[uuid.UUID, str]:
    """Why the verification of each of these rows' connections stands still, where it does, in a sentence."""
    here = {row.connection_id: row.pk for row in rows if row.connection_id is not None}
    jobs = Job.objects.filter(kind=verification.KIND, connection__in=here).order_by("created_at")
    return {here[job.connection_id]: job.problem or job.waits_for for job in jobs if job.connection_id}
