"""What a connection is good for: its states, why it is in one, and who moved it there."""

from typing import Any

from django.db import transaction

from integrations.connections.models import Connection, CredentialCandidate, State, Token, TokenDemand
from portal import clock
from portal.audit import log
from portal.organizations.models import User

#: States in which nothing may be sent for a connection, with what the caller is told.
CLOSED = {
    State.PENDING: "This connection was never granted. Connect it first.",
    State.NEEDS_RECONNECT: "This connection needs a new grant. Reconnect it.",
    State.PAUSED: "This connection is paused. Resume it first.",
    State.QUARANTINED: "This connection is quarantined, because its grant belongs to another organization.",
    State.REVOKED: "This connection was revoked. Connect it again.",
}


def move(
    connection: Connection, state: State, *, reason: str = "", actor: User | None = None, **detail: Any
) -> None:
    """Put ``connection`` into ``state``; noted in the audit log when that changes anything."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        changed = row.state != state
        row.state, row.reason = state, reason[:255]
        if changed:
            row.since = clock.now()
            log.record(
                f"connection.{state}",
                actor=actor,
                organization=row.installation.organization,
                target=row,
                **detail,
            )
        row.save(update_fields=["state", "reason", "since"])
    connection.state, connection.reason, connection.since = row.state, row.reason, row.since


def pause(connection: Connection, *, actor: User) -> None:
    """Send nothing for it until somebody resumes it. Its tokens are kept."""
    move(connection, State.PAUSED, reason="Paused by a person.", actor=actor)


def resume(connection: Connection, *, actor: User) -> None:
    """Go on after a pause."""
    if connection.state == State.PAUSED:
        move(connection, State.ACTIVE, actor=actor)


def revoke(connection: Connection, *, actor: User, reason: str = "Its tokens were forgotten here.") -> None:
    """Forget its tokens and credentials. Total Expert has no endpoint to revoke a grant: that is done over there."""
    with transaction.atomic():
        forget_secrets(connection)
        move(connection, State.REVOKED, reason=reason, actor=actor)


def quarantine(connection: Connection, *, reason: str) -> None:
    """Refuse a grant that turned out to be another organization's: nothing of it is kept but the reason."""
    with transaction.atomic():
        forget_secrets(connection)
        move(connection, State.QUARANTINED, reason=reason)


def forget_secrets(connection: Connection) -> None:
    """Delete the token pair and the client credentials."""
    Token.objects.filter(connection=connection).delete()
    TokenDemand.objects.filter(connection=connection).delete()
    CredentialCandidate.objects.filter(connection=connection).delete()
    Connection.objects.filter(pk=connection.pk).update(
        client_id=None, client_secret=None, client_fingerprint=""
    )
    connection.client_id = connection.client_secret = None
    connection.client_fingerprint = ""
