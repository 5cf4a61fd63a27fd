"""Tokens: one pair a connection, renewed by whoever gets its lease, so that one request is sent however many need it.

The order never changes: a lease is taken by compare-and-swap, the request is written into the ledger, it is sent
outside any transaction, and its answer is committed before anything else happens. A process that dies on the way
leaves an open line in the ledger; whoever comes next explains it before sending anything.
"""

import datetime as dt
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import models, transaction

from integrations import total_expert
from integrations.connections import ledger, lifecycle, wire
from integrations.connections.models import (
    Connection,
    Grant,
    Purpose,
    RequestState,
    State,
    Token,
    TokenRequest,
)
from integrations.total_expert import ReconnectRequired, TryLater
from portal import clock
from portal.secrets import seal

#: A token is not used in its last minute: a call that is under way must not outlive it.
SAFETY = dt.timedelta(seconds=60)
#: Longer than the client's timeouts, so that a living holder never loses its lease.
LEASE = dt.timedelta(seconds=60)
#: The vendor's refresh tokens live 14 days; it does not say so in its answers.
REFRESH_LIFE = dt.timedelta(days=14)
#: How long a caller waits for somebody else's renewal, and how often it looks.
PATIENCE, POLL = 45.0, 0.15


@dataclass(frozen=True)
class Lease:
    """The right to renew one connection's token, until another fence is given out."""

    connection: Connection
    token: Token
    fence: int


def access_token(connection: Connection, *, purpose: Purpose = Purpose.WORK) -> str:
    """An access token that is good for a minute at least.

    Raises ReconnectRequired when the connection has no grant that works, TryLater when no token request may be sent
    yet or Total Expert can't be reached.
    """
    patience = time.monotonic() + PATIENCE
    while True:
        refuse_closed(connection)
        token = Token.objects.filter(connection=connection).first()
        if token is None:
            token, _ = Token.objects.get_or_create(connection=connection)
        if token.is_fresh(clock.now(), SAFETY) and token.access_token:
            return str(token.access_token)
        lease = take_lease(connection, token)
        if lease is not None:
            return _renew(lease, purpose)
        if time.monotonic() > patience:
            raise TryLater("Somebody else is renewing this connection's token and has not finished.", after=5)
        time.sleep(POLL)


def refuse_closed(connection: Connection) -> None:
    """Raise ReconnectRequired unless the connection may send anything, whatever the caller's copy of the row says."""
    connection.refresh_from_db(fields=["state", "reason"])
    sentence = lifecycle.CLOSED.get(State(connection.state))
    if sentence:
        raise ReconnectRequired(f"{sentence} {connection.reason}".strip())


def take_lease(connection: Connection, token: Token) -> Lease | None:
    """Take the lease on a token that is free, or whose lease ran out; None when somebody else has it."""
    at = clock.now()
    free = models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lte=at)
    taken = Token.objects.filter(free, pk=token.pk, fence=token.fence).update(
        fence=token.fence + 1,
        lease_holder=f"{socket.gethostname()[:40]}:{os.getpid()}",
        lease_expires_at=at + LEASE,
    )
    if not taken:
        return None
    _explain_open_intents(connection)
    return Lease(connection, token, token.fence + 1)


def _explain_open_intents(connection: Connection) -> None:
    """An earlier holder died between writing a request down and storing its answer: it counts, and is said."""
    TokenRequest.objects.filter(connection=connection, state=RequestState.OPEN).update(
        state=RequestState.LOST, ended_at=models.F("at") + ledger.IN_FLIGHT
    )


def _renew(lease: Lease, purpose: Purpose) -> str:
    try:
        send = _request_of(lease)
        request = ledger.take(lease.connection, purpose=purpose, fence=lease.fence)
    except BaseException:
        free_lease(lease)
        raise
    try:
        return str(send_and_store(lease, request, send).access_token)
    except ReconnectRequired as refused:
        lifecycle.move(lease.connection, State.NEEDS_RECONNECT, reason=str(refused))
        raise


def _request_of(lease: Lease) -> Callable[[], total_expert.Grant]:
    """The token request that this connection's grant calls for. Raises ReconnectRequired when it has nothing to send."""
    connection = lease.connection
    if connection.grant == Grant.CLIENT_CREDENTIALS:
        row = Connection.objects.get(pk=connection.pk)
        if not row.client_secret:
            raise ReconnectRequired("This connection has no client credentials. Paste them again.")
        environment = connection.installation.environment
        return lambda: wire.client_credentials(environment, str(row.client_id), str(row.client_secret))
    if not lease.token.refresh_token:
        raise ReconnectRequired("This connection has no refresh token. Its owner consents again.")
    if lease.token.refresh_expires_at and lease.token.refresh_expires_at <= clock.now():
        lifecycle.move(
            connection, State.NEEDS_RECONNECT, reason="Its refresh token died after 14 days without use."
        )
        raise ReconnectRequired("The refresh token of this connection died. Its owner consents again.")
    return lambda: wire.refresh(connection, str(lease.token.refresh_token))


def send_and_store(lease: Lease, request: TokenRequest, send: Callable[[], total_expert.Grant]) -> Token:
    """Send a token request that stands in the ledger, and store its answer. Raises the client's three errors."""
    try:
        grant = send()
    except total_expert.NotSent:
        ledger.close(request, RequestState.RELEASED)
        free_lease(lease)
        raise
    except total_expert.AnswerLost:
        ledger.close(request, RequestState.LOST)
        free_lease(lease)
        raise
    except total_expert.TotalExpertError:
        ledger.close(request, RequestState.REFUSED)
        free_lease(lease)
        raise
    return _store(lease, request, grant)


def _store(lease: Lease, request: TokenRequest, grant: total_expert.Grant) -> Token:
    """Commit a new pair, unless another holder has taken the lease over meanwhile."""
    token, connection = lease.token, lease.connection
    fields: dict[str, object] = {
        "access_token": seal(grant.access_token, label="connections.token.access", row=token.pk),
        "lease_holder": "",
        "lease_expires_at": None,
        # whoever read the row while this lease was held must not take it for one that still needs renewing
        "fence": lease.fence + 1,
    }
    with transaction.atomic(durable=True):
        at = clock.now()
        fields["access_expires_at"] = at + dt.timedelta(seconds=grant.expires_in)
        if grant.refresh_token:
            fields["refresh_token"] = seal(
                grant.refresh_token, label="connections.token.refresh", row=token.pk
            )
            fields["refresh_expires_at"] = at + REFRESH_LIFE
        stored = Token.objects.filter(pk=token.pk, fence=lease.fence).update(**fields)
        TokenRequest.objects.filter(pk=request.pk).update(
            state=RequestState.GRANTED if stored else RequestState.LOST, ended_at=at
        )
        if stored:
            Connection.objects.filter(pk=connection.pk).update(scopes=" ".join(sorted(grant.scope))[:255])
    if not stored:
        raise TryLater("This renewal took so long that another process took it over.", after=1)
    connection.scopes = " ".join(sorted(grant.scope))
    token.refresh_from_db()
    return token


def free_lease(lease: Lease) -> None:
    """Give the lease back without a new token."""
    Token.objects.filter(pk=lease.token.pk, fence=lease.fence).update(lease_holder="", lease_expires_at=None)


def forget_access(connection: Connection, failed: str) -> None:
    """A token was refused before its time: do not use it again, unless it has been replaced meanwhile."""
    token = Token.objects.filter(connection=connection).first()
    if token is not None and token.access_token == failed:
        Token.objects.filter(pk=token.pk, fence=token.fence, lease_expires_at=None).update(
            access_expires_at=None
        )
