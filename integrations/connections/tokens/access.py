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
EXPIRY_MARGIN = dt.timedelta(seconds=60)
#: Longer than the client's timeouts for a token request add up to, so that a living holder never loses its lease.
LEASE_DURATION = dt.timedelta(seconds=120)
#: A token request is sent this soon after the ledger allowed it, or not at all; most of it is to wait for a permit.
SEND_WITHIN = dt.timedelta(seconds=permits.MAX_TOKEN_WAIT + 5)
#: Two tokens granted within this time, and the second refused as well: no third is asked for.
REPEAT_WINDOW = dt.timedelta(minutes=5)
#: The vendor's refresh tokens live 14 days; it does not say so in its answers.
REFRESH_TOKEN_LIFETIME = dt.timedelta(days=14)
EXPIRED_REASON = "Its refresh token died after 14 days without use. Its owner consents again."
#: Seconds between two tries to store what was granted.
STORE_RETRY_DELAY = 0.5
#: How long a caller waits for somebody else's renewal, and how often it looks.
MAX_WAIT, POLL_INTERVAL = 45.0, 0.15


@dataclass(frozen=True)
class Lease:
    """The right to renew one connection's token, until another fence is given out."""

    connection: Connection
    token: Token
    fence: int


def get_access_token(
    connection: Connection, *, purpose: Purpose = Purpose.WORK, **when: dt.datetime | None
) -> str:
    """An access token that is good for a minute at least. ``when`` is what `demands.ask` takes.

    Raises ReconnectRequired when the connection has no grant that works, TryLater when no token request may be sent
    yet or Total Expert can't be reached.
    """
    patience = time.monotonic() + MAX_WAIT
    while True:
        lifecycle.require_usable(connection)
        token = get_token(connection)
        if token.is_fresh(clock.now(), EXPIRY_MARGIN) and token.access_token:
            return str(token.access_token)
        lease = take_lease(connection, token)
        if lease is not None:
            return str(renew(lease, purpose, **when).access_token)
        if time.monotonic() > patience:
            raise TryLater("Somebody else is renewing this connection's token and has not finished.", after=5)
        time.sleep(POLL_INTERVAL)


def get_token(connection: Connection) -> Token:
    """The row of a connection's token, made when there is none."""
    token = Token.objects.filter(connection=connection).first()
    if token is None:
        token, _ = Token.objects.get_or_create(connection=connection)
    return token


def take_lease(connection: Connection, token: Token) -> Lease | None:
    """Take the lease on a token that is free, or whose lease ran out; None when somebody else has it."""
    at = clock.now()
    ahead = at + LEASE_DURATION + clock.MAX_SKEW
    free = models.Q(lease_expires_at__lte=at) | models.Q(lease_expires_at__gt=ahead)
    taken = Token.objects.filter(
        free | models.Q(lease_expires_at=None), pk=token.pk, fence=token.fence
    ).update(fence=token.fence + 1, lease_expires_at=at + LEASE_DURATION)
    if not taken:
        return None
    lease = Lease(connection, token, token.fence + 1)
    _close_abandoned_by(lease)
    return lease


def close_abandoned_requests() -> int:
    """The same for those whose connections nobody has needed since. Answers how many there were."""
    long_ago = clock.now() - LEASE_DURATION
    open_ones = TokenRequest.objects.filter(state=RequestState.OPEN, at__lt=long_ago)
    return open_ones.update(state=RequestState.LOST, ended_at=models.F("at") + ledger.IN_FLIGHT)


def _close_abandoned_by(lease: Lease) -> None:
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
        send = _prepare_request(lease)
        request = ledger.open_request(lease.connection, purpose=purpose, fence=lease.fence, **when)
    except BaseException:
        release_lease(lease)
        raise
    lost = _previous_lost_request(request)
    try:
        return send_and_store(lease, request, send)
    except ReconnectRequired as refused:
        if refused.code == "invalid_client" and lease.connection.grant == GrantType.AUTHORIZATION_CODE:
            raise requests.reject_application(lease.connection.installation.environment) from None
        if _was_replaced(lease):
            raise TryLater("Somebody else has renewed this connection's token meanwhile.", after=1) from None
        died_with_it = lost is not None and refused.code == "invalid_grant"
        reason = _describe_loss(lost) if lost is not None and died_with_it else str(refused)
        lifecycle.set_state(lease.connection, ConnectionState.NEEDS_RECONNECT, reason=reason)
        raise ReconnectRequired(reason) from refused


def _was_replaced(lease: Lease) -> bool:
    """Whether another pair was stored since: then what was refused is only what nobody uses any more."""
    token = Token.objects.filter(pk=lease.token.pk).exclude(fence=lease.fence).first()
    return token is not None and not _same_pair(token, lease.token) and token.refresh_token is not None


def _previous_lost_request(request: TokenRequest) -> TokenRequest | None:
    """The connection's last request, when its answer never came: it may have renewed the refresh token in vain."""
    earlier = TokenRequest.objects.filter(connection=request.connection_id, at__lt=request.at)
    sent = earlier.exclude(state__in=[RequestState.RELEASED, RequestState.RESERVED]).order_by("-at").first()
    return sent if sent is not None and sent.state == RequestState.LOST else None


def _describe_loss(request: TokenRequest) -> str:
    return (
        f"The answer to the renewal of {times.exact(request.at, dt.UTC)} was lost, and the new refresh token with it; Total "
        "Expert does not take the old one any more. Its owner consents again."
    )


def _prepare_request(lease: Lease) -> requests.PreparedRequest:
    """The token request that this connection's grant calls for.

    Raises ReconnectRequired when it has nothing to send, Rejected when its host may not be called.
    """
    connection = lease.connection
    if connection.grant == GrantType.CLIENT_CREDENTIALS:
        row = Connection.objects.get(pk=connection.pk)
        if not row.client_secret:
            sentence = "This connection has no client credentials. Paste them again."
            lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
            raise ReconnectRequired(sentence)
        environment = connection.installation.environment
        return requests.client_credentials(
            environment, str(row.client_id), str(row.client_secret), way=connection.egress
        )
    if not lease.token.refresh_token:
        sentence = "This connection has no refresh token. Its owner consents again."
        lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
        raise ReconnectRequired(sentence)
    if lease.token.refresh_expires_at and lease.token.refresh_expires_at <= clock.now():
        sentence = EXPIRED_REASON
        lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason=sentence)
        raise ReconnectRequired(sentence)
    return requests.refresh(connection, str(lease.token.refresh_token))


def send_and_store(lease: Lease, request: TokenRequest, send: requests.PreparedRequest) -> Token:
    """Send a token request that stands in the ledger, and store its answer. Raises the client's three errors."""
    try:
        grant = send_request(request, send, lease=lease)
    except total_expert.TotalExpertError:
        release_lease(lease)
        raise
    return _store_with_retries(lease, request, grant)


def send_request(
    request: TokenRequest, send: requests.PreparedRequest, *, lease: Lease | None = None
) -> total_expert.TokenResponse:
    """Send, and write into the ledger how it ended unless it was granted: then that is stored with the grant."""
    try:
        _acquire_permit(request)
        _check_not_late(request, lease)
        return send()
    except (total_expert.NotSent, permits.NoPermit):
        ledger.close_request(request, RequestState.RELEASED)
        raise
    except total_expert.AnswerLost:
        ledger.close_request(request, RequestState.LOST)
        raise
    except total_expert.TotalExpertError as refused:
        ledger.close_request(request, RequestState.REFUSED, tried_again=isinstance(refused, TryLater))
        if refused.status == 429:
            permits.count_unexplained_refusal(request.budget)
        raise


def _acquire_permit(request: TokenRequest) -> None:
    """Total Expert counts a token request as a call as well. Raises NoPermit when no call may be sent soon enough."""
    assert request.connection is not None  # it was there a moment ago
    permits.Permits(request.connection, Purpose.PERSON, patience=permits.MAX_TOKEN_WAIT).ask(
        "POST", oauth.PATH
    )


def _check_not_late(request: TokenRequest, lease: Lease | None) -> None:
    """Raise NoPermit when time has passed since the ledger said yes: a process that was stopped must not send late."""
    is_held = lease is None or Token.objects.filter(pk=lease.token.pk, fence=lease.fence).exists()
    if not is_held or clock.now() - request.at > SEND_WITHIN:
        raise permits.NoPermit("This process was held up before it could send its token request.", after=1)


def _store_with_retries(lease: Lease, request: TokenRequest, grant: total_expert.TokenResponse) -> Token:
    """Commit a new pair, and let go on what waits for it. A database that fails for a moment must not cost the only
    copy of a refresh token, so that is tried for as long as the lease lasts.
    """
    patience = time.monotonic() + LEASE_DURATION.total_seconds()
    while True:
        try:
            token = _commit(lease, request, grant)
            break
        except (OperationalError, InterfaceError):
            if time.monotonic() > patience:
                raise
            database.close()
            time.sleep(STORE_RETRY_DELAY)
    connection = lease.connection
    connection.scopes = format_scopes(grant)
    if token.fence > lease.fence + 1:
        # whoever took the lease over has been refused with the old refresh token meanwhile
        lifecycle.set_state(
            connection, ConnectionState.ACTIVE, before=frozenset({ConnectionState.NEEDS_RECONNECT})
        )
    elif Connection.objects.filter(pk=connection.pk, state=ConnectionState.ACTIVE).exists():
        signals.connection_ready.send(Connection, connection=connection)
    return token


def _commit(lease: Lease, request: TokenRequest, grant: total_expert.TokenResponse) -> Token:
    """Write a new pair. One that comes late, after the lease, is taken unless somebody else has stored another."""
    connection = lease.connection
    with transaction.atomic(durable=True):
        at = clock.now()
        token = Token.objects.select_for_update().filter(pk=lease.token.pk).first()
        stored = token is not None and (token.fence == lease.fence or _same_pair(token, lease.token))
        if token is not None and stored:
            write_pair(token, grant, at)
            Connection.objects.filter(pk=connection.pk).update(scopes=format_scopes(grant))
            queue.withdraw(connection, queue.RENEWAL_PURPOSES)
        TokenRequest.objects.filter(pk=request.pk).update(
            state=RequestState.GRANTED if stored else RequestState.LOST, ended_at=at
        )
    if token is None or not stored:
        raise TryLater("This connection was granted anew or revoked while its token was renewed.", after=1)
    return token


def _same_pair(now: Token, before: Token) -> bool:
    return now.refresh_token is not None and now.refresh_token == before.refresh_token


def write_pair(token: Token, grant: total_expert.TokenResponse, at: dt.datetime) -> None:
    """Write a granted pair into the row. The lease ends, and earlier holders can't write any more."""
    token.access_token, token.access_expires_at = (
        grant.access_token,
        at + dt.timedelta(seconds=grant.expires_in),
    )
    if grant.refresh_token:
        token.refresh_token = grant.refresh_token
    if token.refresh_token:
        # one that is not replaced stays valid (RFC 6749, section 6), and has been used just now
        token.refresh_expires_at = at + REFRESH_TOKEN_LIFETIME
    token.lease_expires_at = None
    # whoever read the row while the lease was held must not take it for one that still needs renewing
    token.fence += 1
    token.save()


def format_scopes(grant: total_expert.TokenResponse) -> str:
    """Granted scopes as they are stored."""
    return " ".join(sorted(grant.scope))[:255]


def release_lease(lease: Lease) -> None:
    """Give the lease back without a new token."""
    Token.objects.filter(pk=lease.token.pk, fence=lease.fence).update(lease_expires_at=None)


def discard_access_token(connection: Connection, failed: str) -> None:
    """A token was refused before its time: do not use it again, unless it has been replaced meanwhile.

    When tokens are refused as fast as they are granted, the connection needs somebody to look at it.
    """
    token = Token.objects.filter(connection=connection).first()
    if token is None or token.access_token != failed:
        return
    nobody_renews = models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lte=clock.now())
    forgotten = Token.objects.filter(nobody_renews, pk=token.pk, fence=token.fence)
    if forgotten.update(access_expires_at=None) and _was_granted_repeatedly(connection):
        lifecycle.set_state(
            connection,
            ConnectionState.NEEDS_RECONNECT,
            reason="Total Expert refuses the tokens that it has just granted. Reconnect; if that does not help, ask it "
            "whether this access was switched off.",
        )


def _was_granted_repeatedly(connection: Connection) -> bool:
    lately = TokenRequest.objects.filter(
        connection=connection, state=RequestState.GRANTED, ended_at__gt=clock.now() - REPEAT_WINDOW
    )
    return lately.count() > 1
