"""Renew access before it expires: a refresh token is valid for 14 days, and each renewal returns a new one.

Connections with regular work never come near that. An idle connection is renewed from its ninth day on. Each has a time
of its own, so that connections made together are not renewed together. In its last two days a connection goes
before all others, and people get a notice.
"""

import datetime as dt
import hashlib

from django.db.models import QuerySet

from integrations.connections import lifecycle
from integrations.connections.limits.scheduler import EXPIRING_WITHIN, RENEW_AFTER
from integrations.connections.models import Connection, ConnectionState, GrantType, Purpose
from integrations.connections.tokens import access, leases
from integrations.total_expert import TryLater
from portal.core import clock

#: A refresh token is renewed at the age of `RENEW_AFTER` plus up to this.
JITTER = dt.timedelta(hours=24)


def renewal_due_at(connection_id: str, expires_at: dt.datetime) -> dt.datetime:
    """Return when to renew a refresh token that expires at ``expires_at``. The jitter is the same for the same token."""
    mark = hashlib.sha256(f"{connection_id}{expires_at:%Y%m%d%H}".encode()).digest()
    part = int.from_bytes(mark[:4]) / 2**32
    return expires_at - access.REFRESH_TOKEN_LIFETIME + RENEW_AFTER + part * JITTER


def find_due(among: QuerySet[Connection] | None = None) -> list[Connection]:
    """Return the connections (of ``among``, or all) that are due for renewal, those that expire first before others."""
    at = clock.now()
    rows = with_refresh_token(ConnectionState.ACTIVE).filter(
        token__refresh_expires_at__gt=at,
        token__refresh_expires_at__lte=at + access.REFRESH_TOKEN_LIFETIME - RENEW_AFTER,
    )
    if among is not None:
        rows = rows.filter(pk__in=among)
    return [
        row
        for row in rows
        if (expires_at := row.token.refresh_expires_at) and renewal_due_at(str(row.pk), expires_at) <= at
    ]


def find_expiring() -> QuerySet[Connection]:
    """Return the connections whose refresh token expires within two days. People get a notice, also of paused ones."""
    at = clock.now()
    return with_refresh_token(ConnectionState.ACTIVE, ConnectionState.PAUSED).filter(
        token__refresh_expires_at__gt=at, token__refresh_expires_at__lte=at + EXPIRING_WITHIN
    )


def mark_expired() -> list[Connection]:
    """Set connections whose refresh token has expired to NEEDS_RECONNECT, and return them."""
    states = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED})
    expired = with_refresh_token(*states).filter(token__refresh_expires_at__lte=clock.now())
    return [
        connection
        for connection in expired
        if lifecycle.set_state(
            connection,
            ConnectionState.NEEDS_RECONNECT,
            reason=access.EXPIRED_REASON,
            allowed_from=states,
        )
    ]


def with_refresh_token(*states: ConnectionState) -> QuerySet[Connection]:
    """Return the connections in these states that people authorized, the one that expires next first."""
    rows = Connection.objects.filter(grant=GrantType.AUTHORIZATION_CODE, state__in=states)
    return rows.select_related(
        "token", "installation__environment", "installation__organization", "egress", "user"
    ).order_by("token__refresh_expires_at")


def renew(connection: Connection) -> bool:
    """Renew a connection's refresh token if it is due. Return False if it isn't.

    Raise ReconnectRequired if the grant no longer works, and TryLater if it isn't its turn or another process renews it.
    """
    lifecycle.require_usable(connection)
    token = leases.get_token(connection)
    expires_at = token.refresh_expires_at
    if expires_at is None or clock.now() < renewal_due_at(str(connection.pk), expires_at):
        return False
    lease = leases.take_lease(connection, token)
    if lease is None:
        raise TryLater("Another process is renewing this connection's token.", after=5)
    access.renew(lease, Purpose.KEEP_ALIVE, stale_since=expires_at - access.REFRESH_TOKEN_LIFETIME)
    return True
