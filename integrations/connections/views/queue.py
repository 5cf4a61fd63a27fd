"""The operators' page of the token queue: who waits, in which order, and for how long."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, overload

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections.limits import forecast, queue, scheduler
from integrations.connections.limits.scheduler import Demand, PlannedRequest, Rank
from integrations.connections.models import Budget, Connection, TokenDemand
from integrations.connections.permissions import connection_title
from integrations.connections.views import health
from portal.accounts.guard import current_user, operators_only
from portal.core import paging
from portal.core.pages import render, text_param
from portal.organizations.models import Organization

#: The most connections that a search lists.
MAX_FOUND = 25
#: The most characters of a search, as in the form.
MAX_QUERY = 120
RANK_LABELS = {
    Rank.EXPIRING: "Access expires soon",
    Rank.PRIORITIZED: "Moved to the front by an operator",
    Rank.PERSON: "User request",
    Rank.INTAKE: "New leads or survey answers",
    Rank.PRIVACY: "Privacy request",
    Rank.WORK: "Background work, oldest data first",
}


@dataclass(frozen=True)
class Row:
    """One waiting connection. ``planned`` is None while no token requests are allowed at all."""

    connection: Connection
    title: str
    rank: str
    purposes: str
    demand: Demand
    planned: PlannedRequest | None
    overtaken: int  #: how many connections wait longer if this one moves to the front

    @property
    def may_move(self) -> bool:
        """Whether moving it to the front changes anything: others go first, or it waits because its requests failed."""
        if self.demand.rank <= Rank.PRIORITIZED or self.planned is None:
            return False
        return self.overtaken > 0 or self.planned.is_backing_off


class WaitingRows(Sequence[Row]):
    """The queue of one budget in the order in which it is served. A slice plans only as far as it reaches."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._usage = forecast.load_usage(budget)
        self._count = queue.count_waiting(budget, self._usage)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        if isinstance(index, int):
            return self[index : index + 1][0]
        start, stop, _ = index.indices(self._count)
        return self._rows(start, stop, self._load(first=stop))

    def search(self, text: str) -> list[Row]:
        """Return the first `MAX_FOUND` waiting connections of organizations whose names contain ``text``."""
        named = Organization.objects.matching(text)
        found = Connection.objects.filter(installation__organization__in=named, demands__isnull=False)
        wanted = {str(pk) for pk in found.order_by().values_list("pk", flat=True).distinct()}
        if not wanted:
            return []
        everything = self._load()
        return self._rows(0, len(everything), everything, only=wanted)

    def _load(self, first: int | None = None) -> list[Demand]:
        return queue.load_waiting(self._budget, self._usage, first=first)

    def _rows(
        self, start: int, stop: int, waiting: Iterable[Demand], only: set[str] | None = None
    ) -> list[Row]:
        demands = {demand.connection_id: demand for demand in waiting}
        planned: list[tuple[str, PlannedRequest | None]] = [
            (each.connection_id, each)
            for each in islice(scheduler.plan(self._usage, demands.values()), start, stop)
        ]
        if self._usage.limit == 0:
            in_order = sorted(demands.values(), key=lambda demand: demand.key)
            planned = [(demand.connection_id, None) for demand in in_order[start:stop]]
        if only is not None:
            planned = [each for each in planned if each[0] in only][:MAX_FOUND]
        connections, purposes, operators = _describe(uuid.UUID(pk) for pk, _ in planned)
        rows = []
        for pk, each in planned:
            connection, demand = connections[uuid.UUID(pk)], demands[pk]
            operator = operators.get(connection.pk) if demand.rank == Rank.PRIORITIZED else None
            rows.append(
                Row(
                    connection=connection,
                    title=connection_title(connection),
                    rank=f"Moved to the front by {operator}" if operator else RANK_LABELS[demand.rank],
                    purposes=", ".join(purposes.get(connection.pk, [])),
                    demand=demand,
                    planned=each,
                    overtaken=_count_overtaken(demand, each),
                )
            )
        return rows


def _describe(
    pks: Iterable[uuid.UUID],
) -> tuple[dict[uuid.UUID, Connection], dict[uuid.UUID, list[str]], dict[uuid.UUID, str]]:
    """Return connections, the purposes of their entries, and who prioritized them."""
    connections = Connection.objects.select_related(
        "installation__environment", "installation__organization", "user"
    ).in_bulk(list(pks))
    purposes: dict[uuid.UUID, list[str]] = {}
    operators: dict[uuid.UUID, str] = {}
    for entry in TokenDemand.objects.filter(connection__in=connections).select_related("prioritized_by"):
        purposes.setdefault(entry.connection_id, []).append(entry.get_purpose_display())
        if entry.prioritized_by is not None:
            operators[entry.connection_id] = entry.prioritized_by.display_name
    return connections, purposes, operators


def _count_overtaken(demand: Demand, planned: PlannedRequest | None) -> int:
    """Return how many connections wait longer if this one moves to the front. Return 0 if it can't."""
    if demand.rank <= Rank.PRIORITIZED or planned is None:
        return 0
    return sum(count for rank, count in planned.ahead.items() if rank > Rank.PRIORITIZED)


@operators_only
def queue_screen(request: HttpRequest) -> HttpResponse:
    """Show the token queue of one budget, page by page, or the connections that match a search."""
    choices = health.list_budgets()
    chosen = next((each for each in choices if str(each.pk) == request.GET.get("budget")), None)
    budget = chosen or next(iter(choices), None)
    query = text_param(request.GET, "q").strip()
    context: dict[str, Any] = {
        "budgets": [(each.pk, health.label_budget(each, choices[each])) for each in choices],
        "budget": budget,
        "query": query,
        "place": _read_place(request.GET),
        "max_found": MAX_FOUND,
    }
    if budget is not None:
        rows = WaitingRows(budget)
        context |= {
            "total": len(rows),
            "page": None if query else paging.numbered(rows, request.GET, size=25),
            "found": rows.search(query) if query else [],
        }
    return render(request, "connections/queue.html", context, title="Token queue")


@require_POST
@operators_only
def prioritize_connection(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Move a waiting connection to the front of the queue."""
    connection = get_object_or_404(Connection, pk=pk)
    if not queue.prioritize(connection, actor=current_user(request)):
        messages.info(request, "This connection is no longer waiting.")
    return redirect(reverse("token_queue", query=_read_place(request.POST)))


def _read_place(values: QueryDict) -> dict[str, str]:
    """Return the parameters that lead back to the same part of the queue. Leave out what the page doesn't understand."""
    numbers = {name: values.get(name, "") for name in ("budget", "page", "size")}
    place = {name: value for name, value in numbers.items() if value.isascii() and value.isdigit()}
    if query := text_param(values, "q").strip():
        place["q"] = query
    return {name: value for name, value in place.items() if len(value) <= MAX_QUERY}
