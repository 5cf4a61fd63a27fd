"""User authorization: a person is sent to Total Expert and returns with a code (RFC 6749, section 4.1; RFC 9700).

The OAuth state is random, stored only as a hash, valid for ten minutes and one use, and bound to the signed-in person, their
browser session, and the organization. A token slot is reserved before they leave, since a code is valid for 30
seconds.
"""

import datetime as dt
import hashlib
import secrets
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from integrations.connections import lifecycle, signals
from integrations.connections.limits import ledger
from integrations.connections.limits.egress import choose_egress
from integrations.connections.models import (
    Connection,
    ConnectionState,
    ConsentAttempt,
    Environment,
    GrantType,
    Installation,
    RecordFingerprint,
)
from integrations.connections.models.environments import host_of
from integrations.connections.tokens import access, leases, requests
from integrations.total_expert import ReconnectRequired, Rejected, TotalExpertError, oauth
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.organizations.roles import Capability

ATTEMPT_LIFETIME = dt.timedelta(minutes=10)
#: The longest that completing a return takes.
EXCHANGE_DURATION = dt.timedelta(minutes=3)
#: Seconds that a return waits for another one of the same person, and between its looks.
WAIT_SECONDS, LOOK_SECONDS = 10.0, 0.1
DENIED = "You declined access. Nothing was changed."


class ResponseRefused(Exception):
    """A return from Total Expert that is not accepted. Nothing was stored. The message can be shown."""


class AccessDenied(ResponseRefused):
    """The person denied access."""


class StillConnecting(ResponseRefused):
    """Another return of the same person is still being completed. This one can be tried again."""


class AlreadyConnected(Exception):
    """The person has given this access since they started, in this tab or another. Nothing was changed."""

    def __init__(self, connection: Connection) -> None:
        super().__init__("You're already connected. Nothing was changed.")
        self.connection = connection


@dataclass(frozen=True)
class AuthorizationResponse:
    """The parameters of the callback: the state, and either a code or an error.

    ``environment`` is the name in its URL. ``issuer`` is the server that says it sent the response (RFC 9207), if any.
    """

    environment: str
    state: str
    code: str = ""
    error: str = ""
    issuer: str = ""


def redirect_uri(environment: Environment) -> str:
    """Return the callback URL that is registered with Total Expert for the partner's application in an environment.

    Each environment has its own, so that a code of one is never sent to another (RFC 9700, section 4.4).
    """
    return str(settings.PORTAL_URL) + reverse("oauth_callback", args=[environment.name])


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def begin(*, installation: Installation, user: User, session: str) -> str:
    """Reserve a slot and return the URL to send the person to. ``session`` is a secret of their browser session.

    Raise NoSlot with the next available time after queueing the person, ReconnectRequired if the environment has no
    application credentials, and Rejected if its host may not be called.
    """
    environment = installation.environment
    application = requests.get_application(environment)
    client_environment = requests.client_environment(environment)
    connection = get_or_create_connection(installation, user)
    slot = ledger.reserve_slot(connection)
    # Attempts in other tabs share this slot. One at an IP address that the connection no longer uses is given back.
    for earlier in ConsentAttempt.objects.filter(
        user=user, installation=installation, consumed_at=None, slot__isnull=False
    ).exclude(slot=slot):
        assert earlier.slot is not None
        ledger.release_slot(earlier.slot)
    state = secrets.token_urlsafe(32)
    code_verifier = oauth.new_code_verifier() if environment.pkce else None
    at = clock.now()
    attempt = ConsentAttempt(
        state_hash=_hash(state),
        session_hash=_hash(session),
        user=user,
        installation=installation,
        slot=slot,
        created_at=at,
        expires_at=at + ATTEMPT_LIFETIME,
    )
    attempt.code_verifier = code_verifier
    attempt.save(force_insert=True)
    return oauth.authorization_url(
        client_environment,
        client_id=str(application.client_id),
        redirect_uri=redirect_uri(environment),
        state=state,
        scopes=application.scopes.split(),
        code_verifier=code_verifier,
    )


def get_or_create_connection(installation: Installation, user: User) -> Connection:
    """Return the connection through which ``user`` gives access. Create it as pending if needed."""
    at = clock.now()
    connection, _ = Connection.objects.get_or_create(
        installation=installation,
        user=user,
        grant=GrantType.AUTHORIZATION_CODE,
        defaults={
            "state": ConnectionState.PENDING,
            "since": at,
            "created_at": at,
            "egress": choose_egress(installation.environment),
        },
    )
    return connection


def finish(response: AuthorizationResponse, *, user: User, session: str) -> Connection:
    """Complete an authorization: check the state, exchange the code, and store the pair.

    Raise ResponseRefused for a forged, used, or expired state, or that of another session (AccessDenied if the person
    denied access), and the client's errors if the exchange fails. An earlier grant stays as it was in all these cases.
    Raise AlreadyConnected if the person has connected since they started: this return was opened twice, or another tab
    was faster.
    """
    attempt = _find_attempt(response, user=user, session=session)
    _refuse_if_connected(attempt)
    _consume_attempt(attempt)
    try:
        return _complete(attempt, response, user=user)
    finally:
        ConsentAttempt.objects.filter(pk=attempt.pk, outcome="").update(outcome="failed")


def _complete(attempt: ConsentAttempt, response: AuthorizationResponse, *, user: User) -> Connection:
    if response.issuer and not _is_issuer(response.issuer, attempt.installation.environment):
        _abandon_attempt(attempt, "other_issuer")
        raise ResponseRefused(
            "This answer came from another server than you were sent to. Nothing was saved."
        )
    connection = get_or_create_connection(attempt.installation, user)
    if response.error == "access_denied":
        _abandon_attempt(attempt, "denied")
        raise AccessDenied(DENIED)
    if response.error or not response.code:
        _abandon_attempt(attempt, "error")
        raise ResponseRefused("Total Expert sent you back without a code. Nothing was saved. Start again.")
    _exchange_code(connection, attempt, response.code)
    if not _activate(connection, attempt, user):
        raise ResponseRefused(
            "You are no longer allowed to connect this organization, so the portal deleted the tokens."
        )
    return connection


def _activate(connection: Connection, attempt: ConsentAttempt, user: User) -> bool:
    """Activate a connection that was granted access. Delete the grant and return False if its person may not give access.

    That can change while the code is exchanged. Leaving the organization deletes the attempt.
    """
    with transaction.atomic():
        is_allowed = connection.installation.organization.allows(user, Capability.CONSENT)
        if not is_allowed or not ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome="granted"):
            lifecycle.delete_grant(connection)
            return False
        # This may be access to another organization, so its records are checked before anything is synced.
        RecordFingerprint.objects.filter(connection=connection).delete()
        Connection.objects.filter(pk=connection.pk).update(
            verified_at=None, admitted_at=None, conflicts_with=None
        )
        lifecycle.activate(connection, actor=user)
        log.record(
            "connection.granted",
            actor=user,
            organization=connection.installation.organization,
            target=connection,
            by="consent",
        )
        transaction.on_commit(lambda: signals.connected.send(Connection, connection=connection, actor=user))
    return True


def find_installation(state: str, *, user: User) -> Installation | None:
    """Return the installation of a person's own attempt, so that they can be sent back to its page."""
    attempt = ConsentAttempt.objects.filter(state_hash=_hash(state), user=user).first()
    return attempt.installation if attempt else None


def _find_attempt(response: AuthorizationResponse, *, user: User, session: str) -> ConsentAttempt:
    attempt = (
        ConsentAttempt.objects.filter(
            state_hash=_hash(response.state),
            user=user,
            session_hash=_hash(session),
            installation__environment__name=response.environment,
        )
        .select_related("slot__budget", "installation__environment", "installation__organization")
        .first()
    )
    if attempt is None or not attempt.installation.organization.allows(user, Capability.CONSENT):
        raise ResponseRefused(
            "This return from Total Expert doesn't belong to anything you started in this browser. Nothing was saved. "
            "Start again from your organization's page."
        )
    return attempt


def _refuse_if_connected(attempt: ConsentAttempt, *, is_own: bool = False) -> None:
    """Wait for returns of the same person that are being completed. Raise AlreadyConnected if one of them connected.

    ``is_own``: this call is the one that completes the attempt.
    """
    others = ConsentAttempt.objects.filter(user=attempt.user_id, installation=attempt.installation_id)
    others = others.exclude(pk=attempt.pk) if is_own else others
    deadline = time.monotonic() + WAIT_SECONDS
    while others.filter(outcome="", consumed_at__gt=clock.now() - EXCHANGE_DURATION).exists():
        if time.monotonic() > deadline:
            raise StillConnecting("Total Expert hasn't answered yet. Check again in a moment.")
        time.sleep(LOOK_SECONDS)
    if not others.filter(outcome="granted", consumed_at__gte=attempt.created_at).exists():
        return
    connection = Connection.objects.filter(
        installation=attempt.installation_id,
        user=attempt.user_id,
        grant=GrantType.AUTHORIZATION_CODE,
        state__in=[ConnectionState.ACTIVE, ConnectionState.PAUSED],
    ).first()
    if connection is not None:
        ConsentAttempt.objects.filter(pk=attempt.pk, consumed_at=None).update(
            consumed_at=clock.now(), outcome="connected"
        )
        raise AlreadyConnected(connection)


def _consume_attempt(attempt: ConsentAttempt) -> None:
    at = clock.now()
    unused = ConsentAttempt.objects.filter(pk=attempt.pk, consumed_at=None)
    if not unused.update(consumed_at=at, code_verifier=None):
        _refuse_if_connected(attempt)
        attempt.refresh_from_db(fields=["outcome"])
        if attempt.outcome == "denied":
            raise AccessDenied(DENIED)
        raise ResponseRefused("This return from Total Expert was used before. Nothing was saved again.")
    if attempt.expires_at <= at:
        _abandon_attempt(attempt, "expired")
        raise ResponseRefused("This took more than ten minutes, so it has expired. Start again.")


def _is_issuer(issuer: str, environment: Environment) -> bool:
    """Return whether an issuer is the server that people are sent to, by origin: no identifier is documented."""
    try:
        parts, expected = urlsplit(issuer), urlsplit(environment.authorize_url)
        return parts.scheme == expected.scheme and host_of(issuer) == host_of(environment.authorize_url)
    except ValueError:
        return False


def _abandon_attempt(attempt: ConsentAttempt, outcome: str) -> None:
    """Record how an attempt ended. Give back its slot, unless an attempt in another tab may still use it."""
    ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome)
    sharing = ConsentAttempt.objects.filter(
        slot=attempt.slot_id, consumed_at=None, expires_at__gt=clock.now()
    )
    if attempt.slot is not None and not sharing.exists():
        ledger.release_slot(attempt.slot)


def _exchange_code(connection: Connection, attempt: ConsentAttempt, code: str) -> None:
    try:
        prepared = requests.exchange_code(
            connection,
            code=code,
            redirect_uri=redirect_uri(attempt.installation.environment),
            code_verifier=str(attempt.code_verifier) if attempt.code_verifier else None,
        )
    except TotalExpertError:
        _abandon_attempt(attempt, "failed")
        raise
    lease = leases.take_lease(connection, leases.get_token(connection))
    if lease is None:
        _refuse_if_connected(attempt, is_own=True)
        _abandon_attempt(attempt, "busy")
        raise Rejected(
            ["The portal is renewing this connection right now. Start again in a minute."], code="busy"
        )
    try:
        is_held = attempt.slot is not None and ledger.use_slot(attempt.slot, fence=lease.fence)
    except TotalExpertError:
        leases.release_lease(lease)
        _abandon_attempt(attempt, "failed")
        raise
    if attempt.slot is None or not is_held:
        leases.release_lease(lease)
        _refuse_if_connected(attempt, is_own=True)
        _abandon_attempt(attempt, "expired")
        raise ResponseRefused("Your reserved time is over. Nothing was saved. Start again.")
    try:
        access.send_and_store(lease, attempt.slot, prepared)
    except TotalExpertError as failed:
        ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome="failed")
        if failed.code == "invalid_client":
            raise requests.reject_application(connection.installation.environment) from None
        if isinstance(failed, ReconnectRequired):
            raise Rejected(
                [
                    "Total Expert did not accept the code: it was too old or used before. Nothing was saved. Start again."
                ],
                code="invalid_grant",
            ) from None
        raise
