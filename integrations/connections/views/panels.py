"""The panels of connections on Home, Organization, and Settings."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

from django.db.models import Case, Count, IntegerField, Q, QuerySet, When
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
from integrations.connections.notices import delivery, records
from integrations.connections.permissions import connection_title
from integrations.connections.tokens import keep_alive
from integrations.connections.views import health
from portal.accounts.guard import current_user
from portal.accounts.models import User
from portal.core import badges, clock, panels
from portal.organizations.models import Invitation, Organization
from portal.organizations.roles import Capability, Role, allows

#: The most connections that Home lists under each heading.
MAX_LISTED = 5
_NAMES = (
    "connection__user",
    "connection__installation__environment",
    "connection__installation__organization",
)
EXPIRING = "Access expires soon"
_NEEDS_ATTENTION = [
    ConnectionState.NEEDS_RECONNECT,
    ConnectionState.QUARANTINED,
    ConnectionState.PAUSED,
]

Action = Literal["resume", "reconnect", "review"]


@dataclass(frozen=True)
class Row:
    """A connection as panels list it."""

    connection: Connection
    organization: Organization
    title: str
    sentence: str


@dataclass(frozen=True)
class Trouble(Row):
    """A connection that needs attention, with its badge and the one thing that the person can do about it.

    ``at`` is when it came into its state or, for access that expires soon, when it expires.
    """

    badge: str
    badge_label: str
    at: dt.datetime | None
    action: Action


def _row(connection: Connection) -> Row:
    return Row(
        connection=connection,
        organization=connection.installation.organization,
        title=connection_title(connection),
        sentence=health.describe_state(connection),
    )


def _with_names(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    return connections.select_related("installation__environment", "installation__organization", "user")


@panels.register("home", name="connections-attention", template="connections/attention.html", place="top")
def attention(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """List the connections that need attention, each with its one action. The number of queries is constant."""
    user, at = current_user(request), clock.now()
    visible = Connection.objects.filter(installation__organization__in=Organization.objects.visible_to(user))
    own = visible.filter(
        Q(installation__organization__in=Organization.objects.allowing(user, Capability.MANAGE))
        | Q(user=user)
    )
    expiring = keep_alive.find_expiring().filter(pk__in=own)
    delays = backoff.load_failing(at)
    failing = _with_names(own.filter(pk__in=delays, state=ConnectionState.ACTIVE))
    broken = own.filter(state__in=_NEEDS_ATTENTION).exclude(pk__in=keep_alive.find_expiring().values("pk"))
    out_of_date = records.reported_out_of_date().filter(connection__in=own).exclude(connection__in=delays)
    granted = visible.exclude(state=ConnectionState.PENDING)
    roles = {row.organization_id: Role(row.role) for row in user.memberships.all()}
    rows = [
        *(_expiring(connection, user, roles) for connection in expiring[:MAX_LISTED]),
        *(_failing(connection, delays[connection.pk]) for connection in failing[:MAX_LISTED]),
        *(
            _broken(connection, user, roles)
            for connection in _with_names(broken).order_by("-since")[:MAX_LISTED]
        ),
        *(_out_of_date(notice) for notice in out_of_date.select_related(*_NAMES)[:MAX_LISTED]),
    ]
    return {
        "rows": rows,
        "more": expiring.count() + failing.count() + broken.count() + out_of_date.count() - len(rows),
        "all_work": granted.exists() and not granted.exclude(state=ConnectionState.ACTIVE).exists(),
        "to_connect": _still_to_connect(user),
    }


def _expiring(connection: Connection, user: User, roles: dict[int, Role]) -> Trouble:
    sentence = (
        "Resume the connection to renew it."
        if connection.is_paused
        else "The portal keeps trying to renew its access. The person who gave access can also reconnect."
    )
    expires_at, action = connection.token.refresh_expires_at, _action(connection, user, roles)
    return _trouble(connection, sentence, badge="warn", label=EXPIRING, at=expires_at, action=action)


def _failing(connection: Connection, delay: backoff.Backoff) -> Trouble:
    sentence = backoff.describe(delay)
    return _trouble(connection, sentence, badge="warn", label="Token requests failing", action="review")


def _out_of_date(notice: Notice) -> Trouble:
    return _trouble(
        notice.connection, notice.text, badge="warn", label=str(NoticeKind.OUT_OF_DATE.label), action="review"
    )


def _broken(connection: Connection, user: User, roles: dict[int, Role]) -> Trouble:
    action = _action(connection, user, roles)
    sentence = health.describe_state(connection)
    return _trouble(connection, sentence, badge=str(connection.state), at=connection.since, action=action)


def _trouble(
    connection: Connection,
    sentence: str,
    *,
    badge: str,
    action: Action,
    label: str = "",
    at: dt.datetime | None = None,
) -> Trouble:
    return Trouble(
        connection=connection,
        organization=connection.installation.organization,
        title=connection_title(connection),
        sentence=sentence,
        badge=badge,
        badge_label=label,
        at=at,
        action=action,
    )


def _action(connection: Connection, user: User, roles: dict[int, Role]) -> Action:
    """Return what the person can do themselves. ``roles`` are theirs by organization; operators need none."""
    role = roles.get(connection.installation.organization_id)
    manages = user.is_operator or (role is not None and allows(role, Capability.MANAGE))
    if connection.is_paused:
        return "resume" if manages or connection.paused_by_id == user.pk else "review"
    connects = manages or (role is not None and allows(role, Capability.CONSENT))
    is_theirs = connection.sees_everything or connection.user_id == user.pk
    return "reconnect" if connects and is_theirs else "review"


def _still_to_connect(user: User) -> list[Organization]:
    """Return the organizations that a loan officer hasn't connected to, and an admin's organizations without connections."""
    granted = Connection.objects.exclude(state=ConnectionState.PENDING)
    admin_of, officer_of = (
        Organization.objects.filter(memberships__user=user, memberships__role=role)
        for role in (Role.ADMIN, Role.OFFICER)
    )
    return [
        *admin_of.exclude(installations__connections__in=granted)[:MAX_LISTED],
        *officer_of.exclude(installations__connections__in=granted.filter(user=user))[:MAX_LISTED],
    ]


@panels.register("home", name="connections-by-health", template="connections/by_health.html", place="aside")
def by_health(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Count the connections in each state, of the organizations whose connections the person may see."""
    overseen = Organization.objects.allowing(request.user, Capability.OVERVIEW)
    if not overseen.exists():
        return None
    rows = Connection.objects.filter(installation__organization__in=overseen).exclude(
        state=ConnectionState.PENDING
    )
    counts = dict(rows.order_by().values_list("state").annotate(count=Count("pk")))
    ordered = [
        {"state": state, "count": counts[state], "tone": badges.badge(state).tone}
        for state in ConnectionState.values
        if state in counts
    ]
    recovered = Notice.objects.filter(
        kind=NoticeKind.RECOVERED,
        created_at__gt=clock.now() - delivery.FRESH,
        connection__installation__organization__in=overseen,
    ).select_related(*_NAMES)
    return {
        "rows": ordered,
        "total": sum(counts.values()),
        "recovered": [(_row(row.connection), row.created_at) for row in recovered[:MAX_LISTED]],
    }


@panels.register("home", name="connections-budgets", template="connections/budgets.html", place="bottom")
def budgets(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Show operators the usage of each limit."""
    if not current_user(request).is_operator:
        return None
    return {"budgets": health.all_budgets()}


@panels.register("organization", name="connections", template="connections/installations.html", order=10)
def installations(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """List some of the organization's connections, those that need attention first. The Connections tab lists all."""
    connections = Connection.objects.filter(installation__organization=organization).exclude(
        state=ConnectionState.PENDING
    )
    attention_first = Case(When(state__in=_NEEDS_ATTENTION, then=0), default=1, output_field=IntegerField())
    rows = _with_names(connections).order_by(attention_first, "-since")[:MAX_LISTED]
    return {
        "organization": organization,
        "rows": [_row(row) for row in rows],
        "total": connections.count(),
    }


@panels.register("settings", name="environments", template="connections/environments.html", order=20)
def environment_list(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """List environments, their limits, and whether application credentials are stored."""
    rows = [
        {
            "environment": row,
            "application": getattr(row, "application", None),
            "redirect_uri": consent.redirect_uri(row),
        }
        for row in Environment.objects.select_related("application")
    ]
    return {
        "rows": rows,
        "all_entered": bool(rows) and all(row["application"] for row in rows),
        "has_connection": Connection.objects.filter(
            grant=GrantType.AUTHORIZATION_CODE, state=ConnectionState.ACTIVE
        ).exists(),
        "has_invitation": Invitation.objects.filter(role=Role.ADMIN).exists(),
    }
