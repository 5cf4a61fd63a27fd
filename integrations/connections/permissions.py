"""Which connections a person may see and manage, and the names of connections."""

import uuid

from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from integrations.connections.models import Connection, GrantType
from portal.accounts.guard import current_user
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

RESUME_REFUSED = "An admin or operator paused this connection, so only they can resume it."


def visible_connection(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> Connection:
    """Return a connection that the person may see, or raise 404. Officers see only their own connection."""
    rows = Connection.objects.filter(installation__organization=organization)
    if not organization.allows(current_user(request), Capability.OVERVIEW):
        rows = rows.filter(user=current_user(request))
    return get_object_or_404(
        rows.select_related(
            "installation__environment",
            "installation__organization",
            "user",
            "conflicts_with__installation__organization",
        ),
        pk=pk,
    )


def may_manage(request: HttpRequest, connection: Connection) -> bool:
    """Return whether the person may pause, resume, test, and revoke a connection: managers any, others their own."""
    organization = connection.installation.organization
    return (
        organization.allows(current_user(request), Capability.MANAGE)
        or connection.user_id == current_user(request).pk
    )


def may_connect(request: HttpRequest, organization: Organization) -> bool:
    """Return whether the person may open the organization's Connect page."""
    user = current_user(request)
    return organization.allows(user, Capability.MANAGE) or organization.allows(user, Capability.CONSENT)


def connection_title(connection: Connection) -> str:
    """Return the name of a connection as screens and mails show it: “Felix Bosch's connection (Production)”."""
    return f"{connection_name(connection)} ({connection.installation.environment.label})"


def connection_name(connection: Connection) -> str:
    """Return the name of a connection without its environment, for pages that show the environment beside it."""
    if connection.grant == GrantType.CLIENT_CREDENTIALS:
        return "Client credentials"
    return f"{connection.user.display_name}'s connection" if connection.user else "Former member's connection"
