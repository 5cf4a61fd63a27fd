"""Leases: the right to renew one connection's token, so that only one request is sent however many callers need it.

A lease is taken by compare-and-swap on the token's fence. A holder with an older fence can't write any more.
"""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Q

from integrations.connections.limits import ledger
from integrations.connections.models import Connection, Token
from portal.core import clock

#: Longer than `access.SEND_WITHIN` and the client's deadline together, so that a live holder never loses its lease and no
#: refresh token is sent while an earlier request with it is open.
LEASE_DURATION = dt.timedelta(seconds=120)


@dataclass(frozen=True)
class Lease:
    """The right to renew one connection's token until the lease expires. ``token`` is the row as it was then."""

    connection: Connection
    token: Token
    fence: int


def get_token(connection: Connection) -> Token:
    """Return the token row of a connection. Create it if needed."""
    token = Token.objects.filter(connection=connection).first()
    if token is None:
        token, _ = Token.objects.get_or_create(connection=connection)
    return token


def take_lease(connection: Connection, token: Token) -> Lease | None:
    """Take the lease on a token if it is free or expired. Return None if another process has it.

    Requests that an earlier holder left open are declared lost, so that they count.
    """
    at = clock.now()
    implausible = at + LEASE_DURATION + clock.MAX_SKEW  # written before the clock moved back
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=at) | Q(lease_expires_at__gt=implausible)
    fence = token.fence + 1
    taken = Token.objects.filter(free, pk=token.pk, fence=token.fence).update(
        fence=fence, lease_expires_at=at + LEASE_DURATION
    )
    if not taken:
        return None
    ledger.close_abandoned_by_holders(connection, before_fence=fence)
    return Lease(connection, token, fence)


def is_held(lease: Lease) -> bool:
    """Return whether no one else has taken the lease since."""
    return Token.objects.filter(pk=lease.token.pk, fence=lease.fence).exists()


def release_lease(lease: Lease) -> None:
    """Give the lease back without a new token."""
    Token.objects.filter(pk=lease.token.pk, fence=lease.fence).update(lease_expires_at=None)


def close_abandoned_requests() -> int:
    """Declare lost the open requests whose lease has expired, and return how many. Run this regularly."""
    return ledger.close_abandoned(before=clock.now() - LEASE_DURATION)
