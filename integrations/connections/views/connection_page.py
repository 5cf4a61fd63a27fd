"""The frame of a connection's pages: name, state, actions, and tabs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.connections.models import Connection, Egress
from integrations.connections.permissions import (
    connection_name,
    connection_title,
    may_connect,
    may_manage,
)
from integrations.connections.views import health
from portal.accounts.guard import current_user
from portal.core.pages import render

#: The tabs by the name of their address, each with its label.
TABS = {"connection": "Overview", "calls": "Call log", "token_requests": "Token requests"}


def draw(
    request: HttpRequest, connection: Connection, template: str, *, tab: str, waits: bool, **context: Any
) -> HttpResponse:
    """Draw one tab of a connection's page. ``waits``: whether it would have to wait for its next token."""
    organization = connection.installation.organization
    environment = connection.installation.environment
    manages = may_manage(request, connection)
    # a badge names every other environment
    title = connection_title(connection) if environment.is_production else connection_name(connection)
    frame = {
        "organization": organization,
        "connection": connection,
        "environment_of_page": environment,
        "shown_state": health.shown_state(connection, waits=waits),
        "may_manage": manages,
        "may_reconnect": manages and connection.needs_new_grant and may_connect(request, organization),
        "may_test": manages and connection.is_active,
        "may_resume": manages
        and connection.is_paused
        and lifecycle.may_resume(connection, current_user(request)),
        "may_sync": manages and connection.is_active and connection.admitted_at is not None,
        "may_reroute": current_user(request).is_operator and Egress.objects.count() > 1,
        "tab": tab,
        "tabs": [
            (name, label, reverse(name, args=[organization.slug, connection.pk]))
            for name, label in TABS.items()
        ],
    }
    return render(request, template, frame | context, title=title)
