"""Access tokens of connections: get a valid one, renew it when it expires, and store what Total Expert grants.

The order never changes. A process takes the lease, writes the request into the ledger, sends it outside any transaction,
and commits the response before anything else. If it dies on the way, an open request stays in the ledger, and the
next lease holder declares it lost before it sends its own.
"""

import datetime as dt
import time

from django.db import InterfaceError, OperationalError, models, transaction
from django.db import connection as database

from integrations import total_expert
from integrations.connections import lifecycle, signals
from integrations.connections.limits import ledger, permits, queue
from integrations.connections.models import (
    Call,
    Connection,
    ConnectionState,
    GrantType,
    Purpose,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import leases, requests
from integrations.connections.tokens.leases import LEASE_DURATION, Lease
from integrations.total_expert import ReconnectRequired, TryLater, token_response
from portal.core import clock, times

#: A token is not used in its last minute, so that it doesn't expire during a call. Short-lived ones have a shorter margin.
EXPIRY_MARGIN = dt.timedelta(seconds=token_response.EXPIRY_MARGIN)
#: A token request is sent within this time after the ledger allowed it, or not at all. Most of it is to wait for a permit.
SEND_WITHIN = dt.timedelta(seconds=permits.MAX_TOKEN_WAIT + 5)
#: A new token that Total Expert refuses is not replaced within this time. If it was never accepted, the connection then
#: needs a reconnect.
REPEAT_WINDOW = dt.timedelta(minutes=5)
#: How long a refresh token stays valid without use. Total Expert documents it but doesn't return it.
REFRESH_TOKEN_LIFETIME = dt.timedelta(days=14)
EXPIRED_REASON = "The refresh token expired after 14 days without use. Reconnect to give access again."
#: Seconds between attempts to store a granted pair.
STORE_RETRY_DELAY = 0.5
#: How long a caller waits while another process renews the token, and how often it checks, in seconds.
MAX_LEASE_WAIT, POLL_INTERVAL = 45.0, 0.15


def get_access_token(
    connection: Connection, *, purpose: Purpose = Purpose.WORK, **when: dt.datetime | None
) -> str:
    """Return an access token that can be used now. ``when`` takes the arguments of `queue.enqueue`.

    Raise ReconnectRequired if the connection has no working grant, and TryLater if no token request may be sent yet or
    Total Expert can't be reached.
    """
    give_up_at = time.monotonic() + MAX_LEASE_WAIT
    while True:
        lifecycle.require_usable(connection)
        token = leases.get_token(connection)
        if token.is_fresh(clock.now()) and token.access_token:
            return str(token.access_token)
        lease = leases.take_lease(connection, token)
        if lease is not None:
            return str(renew(lease, purpose, **when).access_token)
        if time.monotonic() > give_up_at:
            raise TryLater("Another process is still renewing this connection's token.", after=5)
        time.sleep(POLL_INTERVAL)


def renew(lease: Lease, purpose: Purpose, **when: dt.datetime | None) -> Token:
    """Request a new token with the connection's grant when it is its turn. Raise the client's three errors."""
    try:
        prepared = _prepare_request(lease)
        request = ledger.open_request(lease.connection, purpose=purpose, fence=lease.fence, **when)
    except BaseException:
        leases.release_lease(lease)
        raise
    lost = _previous_lost_request(request)
    try:
        return send_and_store(lease, request, prepared)
    except ReconnectRequired as refused:
        if refused.code == "invalid_client" and lease.connection.grant == GrantType.AUTHORIZATION_CODE:
            raise requests.reject_application(lease.connection.installation.environment) from None
        if _was_replaced(lease):
            raise TryLater("Another process has renewed this connection's token.", after=1) from None
        is_lost = lost is not None and refused.code == "invalid_grant"
        reason = _describe_loss(lost) if lost is not None and is_lost else str(refused)
        lifecycle.set_state(lease.connection, ConnectionState.NEEDS_RECONNECT, reason=reason)
        raise ReconnectRequired(reason) from refused


def _was_replaced(lease: Lease) -> bool:
    """Return whether another pair was stored since. Then Total Expert refused only an outdated refresh token."""
    token = Token.objects.filter(pk=lease.token.pk).exclude(fence=lease.fence).first()
    return token is not None and not _is_same_pair(token, lease.token) and token.refresh_token is not None


def _previous_lost_request(request: TokenRequest) -> TokenRequest | None:
    """Return the connection's previous request if its response was lost: it may have replaced the refresh token."""
    earlier = TokenRequest.objects.filter(connection=request.connection_id, at__lt=request.at)
    sent = earlier.exclude(state__in=[RequestState.RELEASED, RequestState.RESERVED]).order_by("-at").first()
    return sent if sent is not None and sent.state == RequestState.LOST else None


def _describe_loss(request: TokenRequest) -> str:
    return (
        f"The response to the renewal on {times.exact(request.at, dt.UTC)} was lost, and the new refresh token with it. "
        "Total Expert no longer accepts the old one. Reconnect to give access again."
    )


def _prepare_request(lease: Lease) -> requests.PreparedRequest:
    """Return the token request for the connection's grant.

    Raise ReconnectRequired if it has no credentials, and Rejected if its host may not be called.
    """
    connection, token = lease.connection, lease.token
    problem = ""
    if connection.grant == GrantType.CLIENT_CREDENTIALS:
        row = Connection.objects.get(pk=connection.pk)
        if row.client_secret:
            return requests.client_credentials(
                connection.installation.environment,
                str(row.client_id),
                str(row.client_secret),
                egress=connection.egress,
            )
        problem = "This connection has no client credentials. Enter them again."
    elif not token.refresh_token:
        problem = "This connection has no refresh token. Reconnect to give access again."
    elif token.refresh_expires_at and token.refresh_expires_at <= clock.now():
        problem = EXPIRED_REASON
    else:
        return requests.refresh(connection, str(token.refresh_token))
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason=problem)
    raise ReconnectRequired(problem)


def send_and_store(lease: Lease, request: TokenRequest, prepared: requests.PreparedRequest) -> Token:
    """Send a token request that is in the ledger, and store its response. Raise the client's three errors."""
    try:
        response = send_request(request, prepared, lease=lease)
    except total_expert.TotalExpertError:
        leases.release_lease(lease)
        raise
    return _store_with_retries(lease, request, response)


def send_request(
    request: TokenRequest, prepared: requests.PreparedRequest, *, lease: Lease | None = None
) -> total_expert.TokenResponse:
    """Send a token request, and record in the ledger how it ended.

    A granted request is recorded later, in the transaction that stores the pair.
    """
    try:
        _acquire_permit(request)
        _check_not_late(request, lease)
        return prepared()
    except (total_expert.NotSent, permits.NoPermit):
        ledger.close_request(request, RequestState.RELEASED)
        raise
    except total_expert.AnswerLost:
        ledger.close_request(request, RequestState.LOST)
        raise
    except total_expert.TotalExpertError as refused:
        ledger.close_request(request, RequestState.REFUSED, will_retry=isinstance(refused, TryLater))
        if refused.status == 429:
            permits.count_unexplained_refusal(request.budget)
        raise


def _acquire_permit(request: TokenRequest) -> None:
    """Wait for a permit, since Total Expert counts a token request as a call too. Raise NoPermit."""
    assert request.connection is not None  # it was there a moment ago
    permits.Permits(request.connection, Purpose.PERSON, max_wait=permits.MAX_TOKEN_WAIT).acquire(
        "POST", token_response.PATH
    )


def _check_not_late(request: TokenRequest, lease: Lease | None) -> None:
    """Raise NoPermit if too much time has passed since the ledger allowed the request, or if the lease is gone.

    Without this check, a process that was suspended could send a request that nobody accounts for any more.
    """
    is_held = lease is None or leases.is_held(lease)
    if not is_held or clock.now() - request.at > SEND_WITHIN:
        raise permits.NoPermit("This process was held up before it could send its token request.", after=1)


def _store_with_retries(lease: Lease, request: TokenRequest, response: total_expert.TokenResponse) -> Token:
    """Store a new pair, then let waiting work continue.

    Retry while the lease lasts: a short database failure must not cost the only copy of a refresh token.
    """
    give_up_at = time.monotonic() + LEASE_DURATION.total_seconds()
    while True:
        try:
            token = _store(lease, request, response)
            break
        except (OperationalError, InterfaceError):
            if time.monotonic() > give_up_at:
                raise
            database.close()
            time.sleep(STORE_RETRY_DELAY)
    connection = lease.connection
    connection.scopes = format_scopes(response) or connection.scopes
    if token.fence > lease.fence + 1:
        # Another process took over the lease and was refused with the old refresh token meanwhile.
        lifecycle.set_state(
            connection, ConnectionState.ACTIVE, allowed_from=frozenset({ConnectionState.NEEDS_RECONNECT})
        )
    elif Connection.objects.filter(pk=connection.pk, state=ConnectionState.ACTIVE).exists():
        signals.connection_ready.send(Connection, connection=connection)
    return token


def _store(lease: Lease, request: TokenRequest, response: total_expert.TokenResponse) -> Token:
    """Store a new pair. After the lease has expired, store it only if no other pair was stored since. Raise TryLater."""
    connection = lease.connection
    with transaction.atomic(durable=True):
        at = clock.now()
        token = Token.objects.select_for_update().filter(pk=lease.token.pk).first()
        is_stored = token is not None and (token.fence == lease.fence or _is_same_pair(token, lease.token))
        if token is not None and is_stored:
            write_pair(token, response, at)
            if response.scope:  # otherwise they are what they were
                Connection.objects.filter(pk=connection.pk).update(scopes=format_scopes(response))
            queue.withdraw(connection, queue.RENEWAL_PURPOSES)
        ledger.close_granted(request, is_stored=is_stored, at=at)
    if token is None or not is_stored:
        raise TryLater("This connection was reconnected or revoked while its token was renewed.", after=1)
    return token


def _is_same_pair(now: Token, before: Token) -> bool:
    return now.refresh_token is not None and now.refresh_token == before.refresh_token


def write_pair(token: Token, response: total_expert.TokenResponse, at: dt.datetime) -> None:
    """Write a granted pair into the row and end the lease, so that earlier holders can't write any more."""
    token.access_token = response.access_token
    token.access_expires_at = at + dt.timedelta(seconds=response.expires_in)
    token.access_lifetime = response.expires_in
    if response.refresh_token:
        token.refresh_token = response.refresh_token
    if token.refresh_token:
        # A refresh token that isn't replaced stays valid (RFC 6749, section 6), and was used just now.
        token.refresh_expires_at = at + REFRESH_TOKEN_LIFETIME
    token.lease_expires_at = None
    # A process that read the row during the lease must not believe that it still needs renewing.
    token.fence += 1
    token.save()


def format_scopes(response: total_expert.TokenResponse) -> str:
    """Return granted scopes as they are stored."""
    return " ".join(sorted(response.scope))


def discard_access_token(connection: Connection, failed: str) -> None:
    """Stop using an access token that Total Expert was proven to refuse, unless it was replaced meanwhile.

    A server in trouble refuses good tokens too. So a token is kept for `REPEAT_WINDOW` after its grant, and its calls are
    retried later. If it was refused all that time, the connection needs a reconnect.
    """
    token = Token.objects.filter(connection=connection).first()
    if token is None or token.access_token != failed:
        return
    granted_at = _last_granted_at(connection)
    if granted_at is not None and clock.now() - granted_at < REPEAT_WINDOW:
        return
    not_leased = models.Q(lease_expires_at=None) | models.Q(lease_expires_at__lte=clock.now())
    discarded = Token.objects.filter(not_leased, pk=token.pk, fence=token.fence)
    if (
        discarded.update(access_expires_at=None)
        and granted_at
        and _was_never_accepted(connection, granted_at)
    ):
        lifecycle.set_state(
            connection,
            ConnectionState.NEEDS_RECONNECT,
            reason="Total Expert refuses the tokens that it has just granted. Reconnect. If that doesn't help, ask Total "
            "Expert whether this access was turned off.",
        )


def _last_granted_at(connection: Connection) -> dt.datetime | None:
    granted = TokenRequest.objects.filter(connection=connection, state=RequestState.GRANTED)
    latest: dt.datetime | None = granted.aggregate(at=models.Max("ended_at"))["at"]
    return latest


def _was_never_accepted(connection: Connection, granted_at: dt.datetime) -> bool:
    """Return whether all calls with a token were refused, from `REPEAT_WINDOW` ago or earlier until now."""
    calls = Call.objects.filter(connection=connection, at__gte=granted_at).exclude(
        path__in=["/heartbeat", token_response.PATH]
    )
    if calls.exclude(status__in=[401, 429]).filter(status__lt=500).exists():
        return False
    first: dt.datetime | None = calls.filter(status=401).aggregate(at=models.Min("at"))["at"]
    return first is not None and clock.now() - first >= REPEAT_WINDOW
