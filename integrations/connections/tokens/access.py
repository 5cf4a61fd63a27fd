"""Tokens: one pair a connection, renewed by whoever gets its lease, so that one request is sent however many need it.

The order never changes: a lease is taken by compare-and-swap, the request is written into the ledger, it is sent
outside any transaction, and its answer is committed before anything else happens. A process that dies on the way
leaves an open line in the ledger; whoever comes next explains it before sending anything.
"""

import datetime as dt
import time
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, models, transaction
from django.db import connection as database

from integrations import total_expert
from integrations.connections import lifecycle, signals
from integrations.connections.limits import ledger, permits, queue
from integrations.connections.models import (
    Connection,
    ConnectionState,
    GrantType,
    Purpose,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import requests
from integrations.total_expert import ReconnectRequired, TryLater, oauth
from portal.core import clock, times

#: A token is not used in its last minute: a call that is under way must not outlive it.
SAFETY = dt.timedelta(seconds=60)
#: Longer than the client's timeouts for a token request add up to, so that a living holder never loses its lease.
LEASE = dt.timedelta(seconds=120)
#: A token request is sent this soon after the ledger allowed it, or not at all; most of it is to wait for a permit.
PROMPT = dt.timedelta(seconds=permits.BRIEFLY + 5)
#: Two tokens granted within this time, and the second refused as well: no third is asked for.
IN_VAIN = dt.timedelta(minutes=5)
#: The vendor's refresh tokens live 14 days; it does not say so in its answers.
REFRESH_LIFE = dt.timedelta(days=14)
DIED = "Its refresh token died after 14 days without use. Its owner consents again."
#: Seconds between two tries to store what was granted.
AGAIN = 0.5
#: How long a caller waits for somebody else's renewal, and how often it looks.
PATIENCE, POLL = 45.0, 0.15


@dataclass(frozen=True)
class Lease:
    """The right to renew one connection's token, until another fence is given out."""

    connection: Connection
    token: Token
    fence: int


def access_token(
    connection: Connection, *, purpose: Purpose = Purpose.WORK, **when: dt.datetime | None
) -> str:
    """An access token that is good for a minute at least. ``when`` is what `demands.ask` takes.

    Raises ReconnectRequired when the connection has no grant that works, TryLater when no token request may be sent
    yet or Total Expert can't be reached.
    """
    patience = time.monotonic() + PATIENCE
    while True:
        lifecycle.refuse_closed(connection)
        token = of(connection)
        if token.is_fresh(clock.now(), SAFETY) and token.access_token:
            return str(token.access_token)
        lease = take_lease(connection, token)
        if lease is not None:
            return str(renew(lease, purpose, **when).access_token)
        if time.monotonic() > patience:
            raise TryLater("Somebody else is renewing this connection's token and has not finished.", after=5)
        time.sleep(POLL)


def of(connection: Connection) -> Token:
    """The row of a connection's token, made when there is none."""
    token = Token.objects.filter(connection=connection).first()
    if token is None:
        token, _ = Token.objects.get_or_create(connection=connection)
    return token


def take_lease(connection: Connection, token: Token) -> Lease | None:
    """Take the lease on a token that is free, or whose lease ran out; None when somebody else has it."""
    at = clock.now()
    ahead = at + LEASE + clock.PUT_BACK
    free = models.Q(lease_expires_at__lte=at) | models.Q(lease_expires_at__gt=ahead)
    taken = Token.objects.filter(
        free | models.Q(lease_expires_at=None), pk=token.pk, fence=token.fence
    ).update(fence=token.fence + 1, lease_expires_at=at + LEASE)
    if not taken:
        return None
    lease = Lease(connection, token, token.fence + 1)
    _explain_open_intents(lease)
    return lease


def explain_open_intents() -> int:
    """The same for those whose connections nobody has needed since. Answers how many there were."""
    long_ago = clock.now() - LEASE
    open_ones = TokenRequest.objects.filter(state=RequestState.OPEN, at__lt=long_ago)
    return open_ones.update(state=RequestState.LOST, ended_at=models.F("at") + ledger.IN_FLIGHT)


def _explain_open_intents(lease: Lease) -> None:
    """An earlier holder died between writing a request down and storing its answer: it counts, and is said.

    Requests of proposed credentials have no lease (fence 0), so they may be under way still.
    """
    of_holders = TokenRequest.objects.filter(
        connection=lease.connection, state=RequestState.OPEN, fence__gt=0, fence__lt=lease.fence
    )
    of_holders.update(state=RequestState.LOST, ended_at=models.F("at") + ledger.IN_FLIGHT)


def renew(lease: Lease, purpose: Purpose, **when: dt.datetime | None) -> Token:
    """Ask for a new token by the connection's grant, when it is its turn. Raises the client's three errors."""
    try:
        send = _request_of(lease)
        request = ledger.take(lease.connection, purpose=purpose, fence=lease.fence, **when)
    except BaseException:
        free_lease(lease)
        raise
    lost = _lost_before(request)
    try:
        return send_and_store(lease, request, send)
    except ReconnectRequired as refused:
        if refused.code == "invalid_client" and lease.connection.grant == GrantType.AUTHORIZATION_CODE:
            raise requests.refuse_application(lease.connection.installation.environment) from None
        if _was_replaced(lease):
            raise TryLater("Somebody else has renewed this connection's token meanwhile.", after=1) from None
        died_with_it = lost is not None and refused.code == "invalid_grant"
        reason = _what_was_lost(lost) if lost is not None and died_with_it else str(refused)
        lifecycle.move(lease.connection, ConnectionState.NEEDS_RECONNECT, reason=reason)
        raise ReconnectRequired(reason) from refused


def _was_replaced(lease: Lease) -> bool:
    """Whether another pair was stored since: then what was refused is only what nobody uses any more."""
    token = Token.objects.filter(pk=lease.token.pk).exclude(fence=lease.fence).first()
    return token is not None and not _same_pair(token, lease.token) and token.refresh_token is not None


def _lost_before(request: TokenRequest) -> TokenRequest | None:
    """The connection's last request, when its answer never came: it may have renewed the refresh token in vain."""
    earlier = TokenRequest.objects.filter(connection=request.connection_id, at__lt=request.at)
    sent = earlier.exclude(state__in=[RequestState.RELEASED, RequestState.RESERVED]).order_by("-at").first()
    return sent if sent is not None and sent.state == RequestState.LOST else None


def _what_was_lost(request: TokenRequest) -> str:
    return (
        f"The answer to the renewal of {times.exact(request.at, dt.UTC)} was lost, and the new refresh token with it; Total "
        "Expert does not take the old one any more. Its owner consents again."
    )


def _request_of(lease: Lease) -> requests.Send:
    """The token request that this connection's grant calls for.

    Raises ReconnectRequired when it has nothing to send, Rejected when its host may not be called.
    """
    connection = lease.connection
    if connection.grant == GrantType.CLIENT_CREDENTIALS:
        row = Connection.objects.get(pk=connection.pk)
        if not row.client_secret:
            sentence = "This connection has no client credentials. Paste them again."
            lifecycle.move(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
            raise ReconnectRequired(sentence)
        environment = connection.installation.environment
        return requests.client_credentials(
            environment, str(row.client_id), str(row.client_secret), way=connection.egress
        )
    if not lease.token.refresh_token:
        sentence = "This connection has no refresh token. Its owner consents again."
        lifecycle.move(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
        raise ReconnectRequired(sentence)
    if lease.token.refresh_expires_at and lease.token.refresh_expires_at <= clock.now():
        sentence = DIED
        lifecycle.move(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
        raise ReconnectRequired(sentence)
    return requests.refresh(connection, str(lease.token.refresh_token))


def send_and_store(lease: Lease, request: TokenRequest, send: requests.Send) -> Token:
    """Send a token request that stands in the ledger, and store its answer. Raises the client's three errors."""
    try:
        grant = exchange(request, send, lease=lease)
    except total_expert.TotalExpertError:
        free_lease(lease)
        raise
    return _store(lease, request, grant)


def exchange(
    request: TokenRequest, send: requests.Send, *, lease: Lease | None = None
) -> total_expert.TokenResponse:
    """Send, and write into the ledger how it ended unless it was granted: then that is stored with the grant."""
    try:
        _ask_permit(request)
        _refuse_late(request, lease)
        return send()
    except (total_expert.NotSent, permits.NoPermit):
        ledger.close(request, RequestState.RELEASED)
        raise
    except total_expert.AnswerLost:
        ledger.close(request, RequestState.LOST)
        raise
    except total_expert.TotalExpertError as refused:
        ledger.close(request, RequestState.REFUSED, tried_again=isinstance(refused, TryLater))
        if refused.status == 429:
            permits.count_unexplained(request.budget)
        raise


def _ask_permit(request: TokenRequest) -> None:
    """Total Expert counts a token request as a call as well. Raises NoPermit when no call may be sent soon enough."""
    assert request.connection is not None  # it was there a moment ago
    permits.Permits(request.connection, Purpose.PERSON, patience=permits.BRIEFLY).ask("POST", oauth.PATH)


def _refuse_late(request: TokenRequest, lease: Lease | None) -> None:
    """Raise NoPermit when time has passed since the ledger said yes: a process that was stopped must not send late."""
    is_held = lease is None or Token.objects.filter(pk=lease.token.pk, fence=lease.fence).exists()
    if not is_held or clock.now() - request.at > PROMPT:
        raise permits.NoPermit("This process was held up before it could send its token request.", after=1)


def _store(lease: Lease, request: TokenRequest, grant: total_expert.TokenResponse) -> Token:
    """Commit a new pair, and let go on what waits for it. A database that fails for a moment must not cost the only
    copy of a refresh token, so that is tried for as long as the lease lasts.
    """
    patience = time.monotonic() + LEASE.total_seconds()
    while True:
        try:
            token = _commit(lease, request, grant)
            break
        except (OperationalError, InterfaceError):
            if time.monotonic() > patience:
                raise
            database.close()
            time.sleep(AGAIN)
    connection = lease.connection
    connection.scopes = scopes_of(grant)
    if token.fence > lease.fence + 1:
        # whoever took the lease over has been refused with the old refresh token meanwhile
        lifecycle.move(
            connection, ConnectionState.ACTIVE, before=frozenset({ConnectionState.NEEDS_RECONNECT})
        )
    elif Connection.objects.filter(pk=connection.pk, state=ConnectionState.ACTIVE).exists():
        signals.ready.send(Connection, connection=connection)
    return token


def _commit(lease: Lease, request: TokenRequest, grant: total_expert.TokenResponse) -> Token:
    """Write a new pair. One that comes late, after the lease, is taken unless somebody else has stored another."""
    connection = lease.connection
    with transaction.atomic(durable=True):
        at = clock.now()
        token = Token.objects.select_for_update().filter(pk=lease.token.pk).first()
        stored = token is not None and (token.fence == lease.fence or _same_pair(token, lease.token))
        if token is not None and stored:
            put(token, grant, at)
            Connection.objects.filter(pk=connection.pk).update(scopes=scopes_of(grant))
            queue.withdraw(connection, queue.OF_GRANT)
        TokenRequest.objects.filter(pk=request.pk).update(
            state=RequestState.GRANTED if stored else RequestState.LOST, ended_at=at
        )
    if token is None or not stored:
        raise TryLater("This connection was granted anew or revoked while its token was renewed.", after=1)
    return token


def _same_pair(now: Token, before: Token) -> bool:
    return now.refresh_token is not None and now.refresh_token == before.refresh_token


def put(token: Token, grant: total_expert.TokenResponse, at: dt.datetime) -> None:
    """Write a granted pair into the row. The lease ends, and earlier holders can't write any more."""
    token.access_token, token.access_expires_at = (
        grant.access_token,
        at + dt.timedelta(seconds=grant.expires_in),
    )
    if grant.refresh_token:
        token.refresh_token = grant.refresh_token
    if token.refresh_token:
        # one that is not replaced stays valid (RFC 6749, section 6), and has been used just now
        token.refresh_expires_at = at + REFRESH_LIFE
    token.lease_expires_at = None
    # whoever read the row while the lease was held must not take it for one that still needs renewing
    token.fence += 1
    token.save()


def scopes_of(grant: total_expert.TokenResponse) -> str:
    """Granted scopes as they are stored."""
    return " ".join(sorted(grant.scope))[:255]


def free_lease(lease: Lease) -> None:
    """Give the lease back without a new token."""
    Token.objects.filter(pk=lease.token.pk, fence=lease.fence).update(lease_expires_at=None)


def forget_access(connection: Connection, failed: str) -> None:
    """A token was refused before its time: do not use it again, unless it has been replaced meanwhile.

    When tokens are refused as fast as they are granted, the connection needs somebody to look at it.
    """
    token = Token.objects.filter(connection=connection).first()
    if token is None or token.access_token != failed:
        return
    nobody_renews = models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lte=clock.now())
    forgotten = Token.objects.filter(nobody_renews, pk=token.pk, fence=token.fence)
    if forgotten.update(access_expires_at=None) and _granted_in_vain(connection):
        lifecycle.move(
            connection,
            ConnectionState.NEEDS_RECONNECT,
            reason="Total Expert refuses the tokens that it has just granted. Reconnect; if that does not help, ask it "
            "whether this access was switched off.",
        )


def _granted_in_vain(connection: Connection) -> bool:
    lately = TokenRequest.objects.filter(
        connection=connection, state=RequestState.GRANTED, ended_at__gt=clock.now() - IN_VAIN
    )
    return lately.count() > 1
