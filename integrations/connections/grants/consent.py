"""The consent flow: a person is sent to Total Expert and comes back with a code (RFC 6749, 4.1; RFC 9700).

The state is random, kept as a hash only, good for ten minutes and one use, and bound to the signed-in person, their
browser session and the organization. A token slot is held before they leave, since a code lives 30 seconds.
"""

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from integrations.connections import lifecycle, signals
from integrations.connections.limits import egress, ledger
from integrations.connections.models import (
    Connection,
    ConnectionState,
    ConsentAttempt,
    GrantType,
    Installation,
    RecordFingerprint,
    Token,
)
from integrations.connections.tokens import access, requests
from integrations.total_expert import ReconnectRequired, Rejected, TotalExpertError, oauth
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock
from portal.organizations.roles import Capability

ATTEMPT_LIFETIME = dt.timedelta(minutes=10)


class ResponseRefused(Exception):
    """A return from Total Expert that is not taken: nothing was stored. The sentence can be shown."""


class AccessDenied(ResponseRefused):
    """The person pressed Deny."""


@dataclass(frozen=True)
class AuthorizationResponse:
    """What came back in the address: either a code or an error, and the state."""

    state: str
    code: str = ""
    error: str = ""


def redirect_uri() -> str:
    """The address that is registered with Total Expert for the partner's application."""
    return str(settings.PORTAL_URL) + reverse("oauth_callback")


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def begin(*, installation: Installation, user: User, session: str) -> str:
    """Hold a slot and answer the address to send the person to. ``session`` is a secret of their browser session.

    Raises NoSlot (with the time of the next slot; the person is queued), ReconnectRequired when the environment has
    no application credentials, Rejected when its host may not be called.
    """
    environment = installation.environment
    application = requests.get_application(environment)
    world = requests.client_environment(environment)
    connection = get_or_create_connection(installation, user)
    for earlier in ConsentAttempt.objects.filter(
        user=user, installation=installation, consumed_at=None, slot__isnull=False
    ).select_related("slot"):
        assert earlier.slot is not None
        ledger.release_slot(earlier.slot)
    slot = ledger.hold_slot(connection)
    state = secrets.token_urlsafe(32)
    at = clock.now()
    ConsentAttempt.objects.create(
        state_hash=_hash(state),
        session_hash=_hash(session),
        user=user,
        installation=installation,
        slot=slot,
        created_at=at,
        expires_at=at + ATTEMPT_LIFETIME,
    )
    return oauth.authorization_url(
        world,
        client_id=str(application.client_id),
        redirect_uri=redirect_uri(),
        state=state,
        scopes=application.scopes.split(),
    )


def get_or_create_connection(installation: Installation, user: User) -> Connection:
    """The connection by which ``user`` consents there, made as pending when there is none."""
    at = clock.now()
    connection, _ = Connection.objects.get_or_create(
        installation=installation,
        user=user,
        grant=GrantType.AUTHORIZATION_CODE,
        defaults={
            "state": ConnectionState.PENDING,
            "since": at,
            "created_at": at,
            "egress": egress.choose_egress(installation.environment),
        },
    )
    return connection


def finish(returned: AuthorizationResponse, *, user: User, session: str) -> Connection:
    """Take a person's return: check the state, exchange the code, store the pair.

    Raises Refused (forged, replayed, expired or another session's state; Denied for a denial), and the client's
    errors when the exchange fails. In all these cases what was stored before stays as it was.
    """
    attempt = _consume_attempt(returned, user=user, session=session)
    connection = get_or_create_connection(attempt.installation, user)
    if returned.error or not returned.code:
        _abandon_attempt(attempt, "denied" if returned.error == "access_denied" else "error")
        if returned.error == "access_denied":
            raise AccessDenied(
                "You pressed Deny at Total Expert, so nothing was connected and nothing was read."
            )
        raise ResponseRefused("Total Expert sent you back without a code. Nothing was stored. Start again.")
    _exchange_code(connection, attempt, returned.code)
    if not _activate(connection, attempt, user):
        raise ResponseRefused(
            "You may not connect this organization any more, so the tokens were forgotten again."
        )
    return connection


def _activate(connection: Connection, attempt: ConsentAttempt, user: User) -> bool:
    """Let a granted connection work. False when its person has left meanwhile, which ends the attempt."""
    with transaction.atomic():
        may = connection.installation.organization.allows(user, Capability.CONSENT)
        if not may or not ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome="granted"):
            lifecycle.delete_grant(connection)
            return False
        # another grant, perhaps of another organization: what it shows is looked at before it is mirrored
        RecordFingerprint.objects.filter(connection=connection).delete()
        Connection.objects.filter(pk=connection.pk).update(
            verified_at=None, admitted_at=None, conflicts_with=None
        )
        lifecycle.set_state(connection, ConnectionState.ACTIVE, actor=user)
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
    """Where a person's own attempt belongs, so that they can be sent back there."""
    attempt = ConsentAttempt.objects.filter(state_hash=_hash(state), user=user).first()
    return attempt.installation if attempt else None


def _consume_attempt(returned: AuthorizationResponse, *, user: User, session: str) -> ConsentAttempt:
    attempt = (
        ConsentAttempt.objects.filter(
            state_hash=_hash(returned.state), user=user, session_hash=_hash(session)
        )
        .select_related("slot__budget", "installation__environment", "installation__organization")
        .first()
    )
    at = clock.now()
    if attempt is not None and not attempt.installation.organization.allows(user, Capability.CONSENT):
        attempt = None
    if attempt is None:
        raise ResponseRefused(
            "This return from Total Expert does not belong to anything started in this browser by you. Nothing was "
            "stored. Start again from the page of your organization."
        )
    if not ConsentAttempt.objects.filter(pk=attempt.pk, consumed_at=None).update(consumed_at=at):
        raise ResponseRefused("This return from Total Expert was used before. Nothing was stored again.")
    if attempt.expires_at <= at:
        _abandon_attempt(attempt, "expired")
        raise ResponseRefused(
            "More than ten minutes passed, so this return is not taken any more. Start again."
        )
    return attempt


def _abandon_attempt(attempt: ConsentAttempt, outcome: str) -> None:
    if attempt.slot is not None:
        ledger.release_slot(attempt.slot)
    ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome=outcome)


def _exchange_code(connection: Connection, attempt: ConsentAttempt, code: str) -> None:
    try:
        send = requests.exchange_code(connection, code=code, redirect_uri=redirect_uri())
    except TotalExpertError:
        _abandon_attempt(attempt, "failed")
        raise
    token, _ = Token.objects.get_or_create(connection=connection)
    lease = access.take_lease(connection, token)
    if lease is None:
        _abandon_attempt(attempt, "busy")
        raise Rejected(
            ["This connection is being renewed at this moment. Start again in a minute."], code="busy"
        )
    try:
        is_held = attempt.slot is not None and ledger.use_slot(attempt.slot, fence=lease.fence)
    except TotalExpertError:
        access.release_lease(lease)
        _abandon_attempt(attempt, "failed")
        raise
    if attempt.slot is None or not is_held:
        access.release_lease(lease)
        _abandon_attempt(attempt, "expired")
        raise ResponseRefused(
            "The token slot that was held for you is gone. Nothing was stored. Start again."
        )
    try:
        access.send_and_store(lease, attempt.slot, send)
    except TotalExpertError as failed:
        ConsentAttempt.objects.filter(pk=attempt.pk).update(outcome="failed")
        if failed.code == "invalid_client":
            raise requests.reject_application(connection.installation.environment) from None
        if isinstance(failed, ReconnectRequired):
            raise Rejected(
                [
                    "Total Expert did not take the code: it was too old or used before. Nothing was stored. Start again."
                ],
                code="invalid_grant",
            ) from None
        raise
