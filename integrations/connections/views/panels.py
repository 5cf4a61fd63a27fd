"""What connections show on Home, Organization and Settings."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest

from integrations.connections.grants import consent
from integrations.connections.limits import backoff
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Environment,
    GrantType,
    Notice,
    NoticeKind,
)
from integrations.connections.notices import delivery
from integrations.connections.permissions import connection_title
from integrations.connections.tokens import keep_alive
from integrations.connections.views import health
from portal.accounts.guard import current_user
from portal.core import clock, panels
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import Capability, Role


def _rows(connections: Any) -> list[dict[str, Any]]:
    rows = connections.select_related("installation__environment", "installation__organization", "user")
    return [
        {
            "connection": row,
            "organization": row.installation.organization,
            "title": connection_title(row),
            "sentence": health.sentence(row),
        }
        for row in rows
    ]


@panels.register("home", name="connections-attention", template="connections/attention.html", place="top")
def attention(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Connections that need a person, each with its one action."""
    visible = Organization.objects.visible_to(request.user)
    rows = Connection.objects.filter(installation__organization__in=visible).exclude(
        state__in=[ConnectionState.ACTIVE, ConnectionState.PENDING]
    )
    able = [ConnectionState.NEEDS_RECONNECT, ConnectionState.QUARANTINED, ConnectionState.PAUSED]
    mine = [row for row in _rows(rows.filter(state__in=able)) if _concerns(request, row["connection"])]
    granted = Connection.objects.filter(installation__organization__in=visible).exclude(
        state=ConnectionState.PENDING
    )
    dying = [row for row in keep_alive.find_expiring() if row.installation.organization in visible]
    return {
        "rows": [row for row in mine if row["connection"] not in dying],
        "dying": [
            {
                "connection": row,
                "organization": row.installation.organization,
                "title": connection_title(row),
                "dies_at": row.token.refresh_expires_at,
            }
            for row in dying
            if _concerns(request, row)
        ],
        "failing": [
            {
                "connection": row,
                "organization": row.installation.organization,
                "title": connection_title(row),
                "sentence": backoff.describe(backoff.for_connection(row, clock.now())),
            }
            for row in backoff.find_failing(clock.now())
            if row.installation.organization in visible and _concerns(request, row)
        ],
        "all_work": granted.exists() and not rows.exists(),
        "to_connect": _still_to_connect(request),
    }


def _still_to_connect(request: HttpRequest) -> list[Organization]:
    """The organizations in which a loan officer has not consented yet, and those of an admin that nobody connected."""
    granted = Connection.objects.exclude(state=ConnectionState.PENDING)
    admin_of, officer_of = (
        Organization.objects.filter(memberships__user=current_user(request), memberships__role=role)
        for role in (Role.ADMIN, Role.OFFICER)
    )
    return [
        *admin_of.exclude(installations__connections__in=granted),
        *officer_of.exclude(installations__connections__in=granted.filter(user=current_user(request))),
    ]


def _concerns(request: HttpRequest, connection: Connection) -> bool:
    organization = connection.installation.organization
    return (
        organization.allows(current_user(request), Capability.MANAGE)
        or connection.user_id == current_user(request).pk
    )


@panels.register("home", name="connections-by-health", template="connections/by_health.html", place="aside")
def by_health(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """How many connections there are in each state, of the organizations whose connections the person may see."""
    overseen = Organization.objects.allowing(request.user, Capability.OVERVIEW)
    if not overseen.exists():
        return None
    rows = Connection.objects.filter(installation__organization__in=overseen).exclude(
        state=ConnectionState.PENDING
    )
    counts = dict(rows.order_by().values_list("state").annotate(count=Count("pk")))
    ordered = [
        {"state": state, "count": counts[state]} for state in ConnectionState.values if state in counts
    ]
    recovered = Notice.objects.filter(
        kind=NoticeKind.RECOVERED,
        created_at__gt=clock.now() - delivery.FRESH,
        connection__installation__organization__in=overseen,
    ).select_related(
        "connection__user", "connection__installation__environment", "connection__installation__organization"
    )
    return {
        "rows": ordered,
        "total": sum(counts.values()),
        "recovered": [
            {
                "connection": row.connection,
                "organization": row.connection.installation.organization,
                "title": connection_title(row.connection),
                "at": row.created_at,
            }
            for row in recovered[:5]
        ],
    }


@panels.register("home", name="connections-budgets", template="connections/budgets.html", place="bottom")
def budgets(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """The budgets of each environment, for operators."""
    if not getattr(request.user, "is_operator", False):
        return None
    return {"budgets": health.all_budgets()}


@panels.register("organization", name="connections", template="connections/installations.html", order=10)
def installations(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """The organization's installations and their connections."""
    rows = Connection.objects.filter(installation__organization=organization).exclude(
        state=ConnectionState.PENDING
    )
    return {
        "organization": organization,
        "rows": _rows(rows),
        "may_manage": organization.allows(current_user(request), Capability.MANAGE),
    }


@panels.register("settings", name="environments", template="connections/environments.html", order=20)
def environment_list(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Environments, their limits and whether application credentials are there."""
    rows = [
        {"environment": row, "application": getattr(row, "application", None)}
        for row in Environment.objects.select_related("application")
    ]
    return {
        "rows": rows,
        "all_entered": bool(rows) and all(row["application"] for row in rows),
        "somebody_connected": Connection.objects.filter(
            grant=GrantType.AUTHORIZATION_CODE, state=ConnectionState.ACTIVE
        ).exists(),
        "somebody_invited": Invitation.objects.filter(role=Role.ADMIN).exists(),
        "redirect_uri": consent.redirect_uri(),
    }
