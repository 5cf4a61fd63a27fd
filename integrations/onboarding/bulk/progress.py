"""The progress of a bulk import: the state of each row, and when waiting rows are expected to get a token."""

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
class RowState:
    """What a badge shows for a row. ``look`` is a name in `portal.core.badges`."""

    name: str
    label: str
    look: str


#: In the order in which a row goes through them, then the other results.
ROW_STATES = {
    row.name: row
    for row in (
        RowState("bad", "Has problems", "bad"),
        RowState("ready", "Ready", "ok"),
        RowState("confirmed", "To create", "waiting"),
        RowState("queued", "Queued", "waiting"),
        RowState("verifying", "Verifying", "running"),
        RowState("connected", "Connected", "ok"),
        RowState("failed", "Rejected", "bad"),
        RowState("stopped", "Stopped", "warn"),
        RowState("refused", "Not created", "bad"),
        RowState("left_out", "Left out", "idle"),
        RowState("gone", "Deleted since", "idle"),
    )
}
#: States that a row leaves on its own.
MOVING = ("confirmed", "queued", "verifying")


def with_states(source: BulkImport) -> "QuerySet[Any]":
    """Return the rows of an import with ``shown_state``, a name in `ROW_STATES`."""
    works = Job.objects.filter(
        kind=verification.KIND,
        connection=OuterRef("connection"),
        state__in=[JobState.WAITING, JobState.RUNNING],
    )
    outcome = "connection__verification__outcome"
    running = Q(**{outcome: Verification.Outcome.RUNNING})
    return source.rows.alias(is_worked_on=Exists(works)).annotate(
        shown_state=Case(
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


def counts(source: BulkImport) -> list[tuple[RowState, int]]:
    """Return how many rows are in each state, without empty states."""
    found = dict(with_states(source).order_by().values_list("shown_state").annotate(count=Count("pk")))
    return [(state, found[name]) for name, state in ROW_STATES.items() if name in found]


def queued(source: BulkImport) -> list[Connection]:
    """Return the connections of an import that wait for their first token."""
    waiting = with_states(source).filter(shown_state="queued").order_by()
    rows = Connection.objects.filter(pk__in=waiting.values("connection"))
    return list(rows.select_related("installation__environment", "egress"))


def expected_times(connections: Iterable[Connection]) -> dict[uuid.UUID, dt.datetime]:
    """Return when each connection is expected to get its token. Connections that can't get one are left out."""
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
    """Return when each of ``wanted`` gets its token. Those not in the budget's queue join it now, in this order."""
    usage = forecast.load_usage(budget)
    queue = token_queue.load_waiting(budget, usage)
    here = {demand.connection_id for demand in queue}
    queue += [
        scheduler.Demand(
            str(who), scheduler.Rank.WORK, usage.at, usage.at, usage.at + place * dt.timedelta.resolution
        )
        for place, who in enumerate(wanted)
        if str(who) not in here
    ]
    found = {planned.connection_id: planned.at for planned in scheduler.plan(usage, queue)}
    return {who: found[str(who)] for who in wanted if str(who) in found}


@dataclass(frozen=True)
class Cost:
    """What the rows of an unconfirmed import will cost."""

    requests: int
    last_at: dt.datetime | None  #: when the last one is expected; None if the limits allow none

    @property
    def is_now(self) -> bool:
        """Return whether all requests can be sent now."""
        return self.last_at is not None and self.last_at <= clock.now()


def cost(source: BulkImport) -> Cost:
    """Return the cost of an import: one token request for each row that is ready. Budgets work in parallel."""
    found: dict[uuid.UUID, dt.datetime] = {}
    total = 0
    for environment, rows in _ready(source):
        by_egress: dict[Egress | None, list[uuid.UUID]] = {}
        for row, chosen in zip(rows, egress.choose_egresses(environment, len(rows)), strict=True):
            by_egress.setdefault(chosen, []).append(row)
        for chosen, wanted in by_egress.items():
            found |= _plan(budgets.for_environment(environment, chosen), wanted)
        total += len(rows)
    return Cost(total, max(found.values()) if total and len(found) == total else None)


def warnings(source: BulkImport) -> list[str]:
    """Return what connecting the rows that are ready means for the age of everyone's data, or [] if nothing changes.

    Confirmed rows of other files count too.
    """
    confirmed = BulkRow.objects.filter(state=BulkRow.State.CONFIRMED)
    found = [
        capacity.overload_warning(
            environment,
            admins=len(rows) + confirmed.filter(environment__host=environment.host).count(),
        )
        for environment, rows in _ready(source)
    ]
    return [sentence for sentence in found if sentence]


def _ready(source: BulkImport) -> list[tuple[Environment, list[uuid.UUID]]]:
    """Return the ids of the rows that would be created, by host, with an environment of that host."""
    ready = source.rows.filter(state=BulkRow.State.READY).order_by("number").select_related("environment")
    found: dict[str, tuple[Environment, list[uuid.UUID]]] = {}
    for row in ready:
        assert row.environment is not None  # rows without one have problems
        _, rows = found.setdefault(row.environment.host, (row.environment, []))
        rows.append(row.pk)
    return list(found.values())


def problems_of(rows: Iterable[BulkRow]) -> dict[uuid.UUID, str]:
    """Return why the verification of each row's connection is paused or waits, as a sentence, by row id."""
    here = {row.connection_id: row.pk for row in rows if row.connection_id is not None}
    jobs = Job.objects.filter(kind=verification.KIND, connection__in=here).order_by("created_at")
    return {here[job.connection_id]: job.problem or job.waits_for for job in jobs if job.connection_id}
