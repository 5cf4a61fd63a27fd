"""Keeping grants alive: a refresh token dies 14 days after it was given, and with it a person's consent.

Every renewal gives a new one, so connections with work never come near that. One that had none is renewed from its
ninth day on, at a time of its own, so that those who consented together do not come together again; when two days are
left it goes before everybody else, and people are told.
"""

import datetime as dt
import hashlib

from django.db.models import Q, QuerySet

from integrations.connections import lifecycle
from integrations.connections.limits.scheduler import EXPIRING_WITHIN, RENEW_AFTER
from integrations.connections.models import Connection, ConnectionState, GrantType, Purpose
from integrations.connections.tokens import access
from integrations.total_expert import TryLater
from portal.core import clock

#: A refresh token is renewed at the age of `RENEW_AFTER`, and up to this much later.
JITTER = dt.timedelta(hours=24)


def renewal_due_at(connection: Connection, dies_at: dt.datetime) -> dt.datetime:
    """When a connection is renewed to keep it alive: the same for the same token, different for different ones."""
    return renewal_due_at_for_id(str(connection.pk), dies_at)


def renewal_due_at_for_id(who: str, dies_at: dt.datetime) -> dt.datetime:
    """The same for whoever has that id."""
    mark = hashlib.sha256(f"{who}{dies_at:%Y%m%d%H}".encode()).digest()
    part = int.from_bytes(mark[:4]) / 2**32
    return dies_at - access.REFRESH_TOKEN_LIFETIME + RENEW_AFTER + part * JITTER


def find_due(among: QuerySet[Connection] | None = None) -> list[Connection]:
    """The connections (of ``among``, or all) that are to be renewed now, those that die first before the others."""
    at = clock.now()
    rows = _with_refresh_token(ConnectionState.ACTIVE).filter(
        token__refresh_expires_at__gt=at,
        token__refresh_expires_at__lte=at + access.REFRESH_TOKEN_LIFETIME - RENEW_AFTER,
    )
    if among is not None:
        rows = rows.filter(pk__in=among)
    return [
        row
        for row in rows
        if (dies_at := row.token.refresh_expires_at) and renewal_due_at(row, dies_at) <= at
    ]


def find_expiring() -> list[Connection]:
    """The connections whose refresh token dies within two days: people are told. Paused ones too."""
    at = clock.now()
    return list(
        _with_refresh_token(ConnectionState.ACTIVE, ConnectionState.PAUSED).filter(
            token__refresh_expires_at__gt=at, token__refresh_expires_at__lte=at + EXPIRING_WITHIN
        )
    )


def mark_expired() -> list[Connection]:
    """Connections whose refresh token died need somebody to reconnect, whether or not work was due for them."""
    dead = _with_refresh_token(ConnectionState.ACTIVE, ConnectionState.PAUSED).filter(
        token__refresh_expires_at__lte=clock.now()
    )
    moved = []
    for connection in dead:
        before = frozenset({ConnectionState.ACTIVE, ConnectionState.PAUSED})
        if lifecycle.set_state(
            connection, ConnectionState.NEEDS_RECONNECT, reason=access.EXPIRED_REASON, before=before
        ):
            moved.append(connection)
    return moved


def _with_refresh_token(*states: ConnectionState) -> QuerySet[Connection]:
    rows = Connection.objects.filter(Q(grant=GrantType.AUTHORIZATION_CODE), state__in=states)
    return rows.select_related(
        "token", "installation__environment", "installation__organization", "egress", "user"
    ).order_by("token__refresh_expires_at")


def renew(connection: Connection) -> bool:
    """Renew a connection's refresh token if it is due. False when it is not (any more).

    Raises ReconnectRequired when the grant is dead, TryLater when it is not its turn or somebody else renews it.
    """
    lifecycle.require_usable(connection)
    token = access.get_token(connection)
    dies_at = token.refresh_expires_at
    if dies_at is None or clock.now() < renewal_due_at(connection, dies_at):
        return False
    lease = access.take_lease(connection, token)
    if lease is None:
        raise TryLater("Somebody else is renewing this connection's token.", after=5)
    access.renew(lease, Purpose.KEEP_ALIVE, stale_since=dies_at - access.REFRESH_TOKEN_LIFETIME)
    return True
