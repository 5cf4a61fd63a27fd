"""The pages of one connection, and its actions."""

import uuid
from typing import get_args

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from integrations.connections import lifecycle
from integrations.connections.models import Connection, ConnectionState, Egress
from integrations.connections.permissions import RESUME_REFUSED, may_manage, visible_connection
from integrations.connections.views import connection_page, health
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.accounts.rate_limits import limited
from portal.core import paging, panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


@organization_view(Capability.BROWSE)
def connection_screen(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """Show a connection: its health, scopes, what it sees, its tokens, and dates."""
    connection = visible_connection(request, organization, pk)
    is_operator = current_user(request).is_operator
    found = health.of(connection, for_operator=is_operator)
    return connection_page.draw(
        request,
        connection,
        "connections/overview.html",
        tab="connection",
        waits=not found.is_available_now,
        health=found,
        rival=connection.conflicts_with if is_operator else None,
        has_egresses=Egress.objects.exclude(name=Egress.DIRECT).exists(),
        places={
            place: panels.draw("connection", request, connection, place=place)
            for place in get_args(panels.Place)
        },
    )


@organization_view(Capability.BROWSE)
def token_requests(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """List the token requests of a connection, latest first."""
    connection = visible_connection(request, organization, pk)
    page = paging.numbered(connection.token_requests.select_related("budget__egress"), request.GET)
    return connection_page.draw(
        request,
        connection,
        "connections/token_requests.html",
        tab="token_requests",
        waits=health.must_wait(connection),
        page=page,
    )


@organization_view(Capability.CONSENT)
def my_connection(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Redirect to the person's own connection, or to the page where they create it."""
    own = Connection.objects.filter(installation__organization=organization, user=current_user(request))
    connection = own.exclude(state=ConnectionState.PENDING).order_by("-since").first()
    if connection is None:
        return redirect("connect", slug=organization.slug)
    return redirect("connection", slug=organization.slug, pk=connection.pk)


@require_POST
@organization_view(Capability.BROWSE)
@limited("connection")
def change_connection(
    request: HttpRequest, organization: Organization, pk: uuid.UUID, verb: str
) -> HttpResponse:
    """Pause, resume, or revoke a connection. Asking for it again, as in another tab, changes nothing and says nothing."""
    connection = visible_connection(request, organization, pk)
    if not may_manage(request, connection):
        raise Http404
    change = {"pause": lifecycle.pause, "resume": lifecycle.resume, "revoke": lifecycle.revoke}[verb]
    if verb == "resume" and not lifecycle.may_resume(connection, current_user(request)):
        messages.error(request, RESUME_REFUSED)
    elif _is_done(connection, verb, current_user(request)):
        pass
    elif not change(connection, actor=current_user(request)):
        messages.error(
            request,
            f"Nothing was changed. This connection is now {connection.get_state_display().lower()}.",
        )
    elif verb == "revoke":
        messages.success(
            request,
            "The portal deleted the tokens. Total Expert doesn't let the portal revoke access: remove the application in "
            "Total Expert's settings as well, or ask its support.",
        )
    return redirect("connection", slug=organization.slug, pk=connection.pk)


def _is_done(connection: Connection, verb: str, user: User) -> bool:
    """Return whether a connection already is what ``user`` asks for. A pause by someone else is not theirs."""
    after = {
        "pause": ConnectionState.PAUSED,
        "resume": ConnectionState.ACTIVE,
        "revoke": ConnectionState.REVOKED,
    }[verb]
    return connection.state == after and (verb != "pause" or connection.paused_by_id == user.pk)
