"""The operators' pages of rate limits: budgets, outbound IP addresses, capacity, and the kill switch."""

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from integrations.connections.limits import capacity, kill_switch
from integrations.connections.limits.egress import (
    add_proxy,
    assign_egress,
    change_proxy,
    display_address,
)
from integrations.connections.models import Budget, Connection, ConnectionState, Egress, Environment
from integrations.connections.permissions import connection_title
from integrations.connections.views import health
from integrations.connections.views.forms import AllowanceForm, CapacityForm, EgressForm, StopForm
from portal.accounts.guard import current_user, operators_only
from portal.audit import log
from portal.core.pages import render, text_param


@operators_only
def limits_screen(request: HttpRequest) -> HttpResponse:
    """Show the usage of each budget, what other programs use, and the outbound IP addresses."""
    rows = [
        {"now": now, "load": capacity.get_load(now.budget), "pace": round(now.rate * 100)}
        for now in health.all_budgets()
    ]
    connected = Connection.objects.exclude(state=ConnectionState.PENDING).order_by()
    counts = dict(connected.values_list("egress").annotate(count=Count("pk")))
    egresses = [
        {
            "egress": egress,
            "address": display_address(egress),
            "connections": counts.get(egress.pk, 0) + (counts.get(None, 0) if egress.is_direct else 0),
        }
        for egress in Egress.objects.all()
    ]
    context = {"rows": rows, "egresses": egresses, "stop": kill_switch.get_active(), "form": StopForm()}
    return render(request, "connections/limits.html", context, title="Limits and addresses")


@operators_only
def allowance_screen(request: HttpRequest, pk: int) -> HttpResponse:
    """Change how much of a budget other programs use."""
    budget = get_object_or_404(Budget, pk=pk)
    form = AllowanceForm(request.POST or None, instance=budget)
    if request.method == "POST" and form.is_valid():
        # Only these fields: calls update the same row meanwhile.
        Budget.objects.filter(pk=budget.pk).update(
            **form.cleaned_data, unexplained_refusals=0, unexplained_at=None
        )
        log.record("budget.allowance", actor=current_user(request), target=budget, **form.cleaned_data)
        messages.success(request, "Saved. This applies from the next call on.")
        return redirect("limits")
    environments = list(Environment.objects.filter(host=budget.host))
    context = {"form": form, "budget": budget, "label": health.label_budget(budget, environments)}
    return render(request, "connections/allowance.html", context, title="Usage by other programs")


@operators_only
def new_egress(request: HttpRequest) -> HttpResponse:
    """Add an outbound IP address."""
    return _edit_egress(request, None)


@operators_only
def egress_screen(request: HttpRequest, name: str) -> HttpResponse:
    """Change an outbound IP address. Its stored URL is never shown."""
    return _edit_egress(request, get_object_or_404(Egress, name=name, proxy_url__isnull=False))


def _edit_egress(request: HttpRequest, egress: Egress | None) -> HttpResponse:
    form = EgressForm(request.POST or None, egress=egress)
    if request.method == "POST" and form.is_valid():
        data, actor = form.cleaned_data, current_user(request)
        try:
            if egress is None:
                add_proxy(name=data["name"], label=data["label"], proxy_url=data["proxy_url"], actor=actor)
            else:
                change_proxy(egress, label=data["label"], proxy_url=data["proxy_url"], actor=actor)
        except ValidationError as problem:
            form.add_error("proxy_url", problem)
        else:
            return redirect("limits")
    title = egress.label if egress else "New outbound IP address"
    return render(request, "connections/egress.html", {"form": form, "egress": egress}, title=title)


@operators_only
def capacity_screen(request: HttpRequest) -> HttpResponse:
    """Calculate how many outbound IP addresses a number of organizations and people needs."""
    form = CapacityForm(request.GET or None)
    context: dict[str, Any] = {
        "form": form,
        "interactive_percent": round(capacity.INTERACTIVE_SHARE * 100),
    }
    if form.is_valid():
        context["answer"] = form.estimate()
    return render(request, "connections/capacity.html", context, title="Capacity")


@require_POST
@operators_only
def stop_everything(request: HttpRequest) -> HttpResponse:
    """Stop all calls, or resume them."""
    if request.POST.get("verb") == "release":
        kill_switch.release(actor=current_user(request))
        messages.success(request, "Calls resumed. Work continues where it stopped.")
        return redirect("limits")
    form = StopForm(request.POST)
    if form.is_valid():
        kill_switch.activate(reason=form.cleaned_data["reason"], actor=current_user(request))
    else:
        messages.error(request, "Enter a reason. All operators see it.")
    return redirect("limits")


@operators_only
def reroute_connection(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Choose the outbound IP address that a connection uses from now on."""
    rows = Connection.objects.select_related(
        "installation__organization", "installation__environment", "egress", "user"
    )
    connection = get_object_or_404(rows, pk=pk)
    organization = connection.installation.organization
    if request.method == "POST":
        name = text_param(request.POST, "egress")
        egress = get_object_or_404(Egress, name=name) if name and name != Egress.DIRECT else None
        assign_egress(connection, egress, actor=current_user(request))
        messages.success(request, "This connection now uses the selected outbound IP address.")
        return redirect("connection", slug=organization.slug, pk=connection.pk)
    context = {
        "organization": organization,
        "connection": connection,
        "connection_title": connection_title(connection),
        "egresses": Egress.objects.all(),
    }
    return render(request, "connections/reroute.html", context, title="Change outbound IP address")


@operators_only
def limits_help(request: HttpRequest) -> HttpResponse:
    """Explain the rate limits, the order of token requests, and what to do about each state."""
    return render(request, "connections/limits_help.html", {}, title="How limits work")
