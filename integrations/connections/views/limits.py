"""Operators' screens of limits: budgets, source addresses, the queue for tokens, capacity, the stop switch."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.connections.limits import capacity, egress, kill_switch
from integrations.connections.limits import queue as demands
from integrations.connections.limits.scheduler import Demand, PlannedRequest, Rank, plan
from integrations.connections.models import Budget, Connection, ConnectionState, Egress, TokenDemand
from integrations.connections.permissions import connection_title
from integrations.connections.views import health
from integrations.connections.views.forms import AllowanceForm, CapacityForm, EgressForm, StopForm
from portal.accounts.guard import current_user, operators_only
from portal.audit import log
from portal.core.pages import render, text_param


@operators_only
def limits_screen(request: HttpRequest) -> HttpResponse:
    """The budgets of each source address, what is known to use them beside the portal, and the addresses."""
    rows = [
        {"now": now, "load": capacity.get_load(now.budget), "pace": round(now.share * 100)}
        for now in health.all_budgets()
    ]
    connected = Connection.objects.exclude(state=ConnectionState.PENDING)
    ways = [
        {
            "way": way,
            "where": egress.display_address(way),
            "connections": connected.filter(egress=None if way.is_direct else way).count(),
        }
        for way in Egress.objects.all()
    ]
    context = {"rows": rows, "ways": ways, "stop": kill_switch.get_active(), "form": StopForm()}
    return render(request, "connections/limits.html", context, title="Limits and addresses")


@operators_only
def allowance_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """What other programs use of one budget."""
    budget = get_object_or_404(Budget, pk=pk)
    form = AllowanceForm(request.POST or None, instance=budget)
    if request.method == "POST" and form.is_valid():
        # only these two: the line in the same row is being counted on meanwhile
        Budget.objects.filter(pk=budget.pk).update(
            **form.cleaned_data, unexplained_refusals=0, unexplained_at=None
        )
        log.record("budget.allowance", actor=current_user(request), target=budget, **form.cleaned_data)
        messages.success(request, "Saved. The next call already keeps to it.")
        return redirect("limits")
    context = {"form": form, "now": health.budget_now(Budget.objects.get(pk=pk))}
    return render(request, "connections/allowance.html", context, title="What others use")


@operators_only
def new_egress(request: HttpRequest) -> HttpResponse:
    """Add a source address."""
    return _edit_egress(request, None)


@operators_only
def egress_screen(request: HttpRequest, name: str) -> HttpResponse:
    """Change a source address. What is stored of it is not shown again."""
    return _edit_egress(request, get_object_or_404(Egress, name=name, proxy_url__isnull=False))


def _edit_egress(request: HttpRequest, way: Egress | None) -> HttpResponse:
    form = EgressForm(request.POST or None, way=way)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            if way is None:
                egress.add_proxy(
                    name=data["name"],
                    label=data["label"],
                    proxy_url=data["proxy_url"],
                    actor=current_user(request),
                )
            else:
                egress.change_proxy(
                    way, label=data["label"], proxy_url=data["proxy_url"], actor=current_user(request)
                )
        except ValidationError as problem:
            form.add_error("proxy_url", problem)
        else:
            return redirect("limits")
    title = way.label if way else "New source address"
    return render(request, "connections/egress.html", {"form": form, "way": way}, title=title)


@operators_only
def queue_screen(request: HttpRequest) -> HttpResponse:
    """Who waits for a token, in the order in which they are served, and why."""
    queues = [_queue(now) for now in health.all_budgets()]
    return render(request, "connections/queue.html", {"queues": queues}, title="Waiting for tokens")


def _queue(now: health.BudgetNow) -> dict[str, Any]:
    queue = demands.load_waiting(now.budget, now.hour.at)
    times = {turn.who: turn for turn in plan(now.hour, queue)}
    order = list(times) if times else [demand.who for demand in sorted(queue, key=lambda one: one.key)]
    connections = Connection.objects.select_related(
        "installation__environment", "installation__organization", "user"
    ).in_bulk([uuid.UUID(who) for who in order])
    wanted: dict[uuid.UUID, list[TokenDemand]] = {}
    for demand in TokenDemand.objects.filter(connection__in=connections).select_related("prioritized_by"):
        wanted.setdefault(demand.connection_id, []).append(demand)
    asked = {demand.who: demand for demand in queue}
    rows: list[dict[str, Any]] = [
        _waiting(asked[who], times.get(who), connections[uuid.UUID(who)], wanted.get(uuid.UUID(who), []))
        for who in order
    ]
    passed = 0
    for entry in rows:
        entry["before"] = passed
        passed += entry["can_go_first"]
    return {"now": now, "rows": rows}


def _waiting(
    demand: Demand, turn: PlannedRequest | None, connection: Connection, rows: list[TokenDemand]
) -> dict[str, Any]:
    """One that waits. ``turn`` is None while nothing is allowed at all."""
    moved_by = next((row.prioritized_by.display_name for row in rows if row.prioritized_by is not None), "")
    return {
        "turn": turn,
        "connection": connection,
        "organization": connection.installation.organization,
        "title": connection_title(connection),
        "purposes": ", ".join(row.get_purpose_display() for row in rows),
        "rank": f"{moved_by} moved it forward"
        if moved_by and demand.rank == Rank.PRIORITIZED
        else _RANK_WORDS[demand.rank],
        "requested_at": demand.requested_at,
        "can_go_first": demand.rank > Rank.PRIORITIZED,
    }


_RANK_WORDS = {
    Rank.EXPIRING: "Its grant is about to die",
    Rank.PRIORITIZED: "An operator moved it forward",
    Rank.PERSON: "A person waits",
    Rank.INTAKE: "Fresh leads or answers",
    Rank.PRIVACY: "A privacy deadline",
    Rank.WORK: "Work, the stalest first",
}


@require_POST
@operators_only
def prioritize_connection(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Put a waiting connection before the others."""
    connection = get_object_or_404(Connection, pk=pk)
    if not demands.prioritize(connection, actor=current_user(request)):
        messages.info(request, "It does not wait any more.")
    return redirect("token_queue")


@operators_only
def capacity_screen(request: HttpRequest) -> HttpResponse:
    """How many source addresses so many organizations and people take, asked before anyone is invited."""
    form = CapacityForm(request.GET or None)
    context: dict[str, Any] = {"form": form, "for_people": round(capacity.INTERACTIVE_SHARE * 100)}
    if form.is_valid():
        context["answer"] = form.answer()
    return render(request, "connections/capacity.html", context, title="Capacity")


@require_POST
@operators_only
def stop_everything(request: HttpRequest) -> HttpResponse:
    """Turn the switch on or off."""
    if request.POST.get("verb") == "release":
        kill_switch.release(actor=current_user(request))
        messages.success(request, "Calls are released: everything goes on from where it is.")
        return redirect("limits")
    form = StopForm(request.POST)
    if form.is_valid():
        kill_switch.activate(reason=form.cleaned_data["reason"], actor=current_user(request))
    else:
        messages.error(request, "Say why: every operator who meets the switch reads it.")
    return redirect("limits")


@require_POST
@operators_only
def reroute_connection(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Send what a connection sends by another source address from now on."""
    connection = get_object_or_404(Connection.objects.select_related("installation__organization"), pk=pk)
    name = text_param(request.POST, "egress")
    way = get_object_or_404(Egress, name=name) if name and name != Egress.DIRECT else None
    egress.assign_egress(connection, way, actor=current_user(request))
    messages.success(request, "From now on it goes out by this address.")
    return redirect("connection", slug=connection.installation.organization.slug, pk=connection.pk)


@operators_only
def limits_help(request: HttpRequest) -> HttpResponse:
    """What the budgets are, who goes first, and what to do about each state."""
    return render(request, "connections/limits_help.html", {}, title="How limits work")
