"""What a connection is good for: its states, why it is in one, and who moved it there."""

from django.db import transaction

from integrations.connections import signals
from integrations.connections.limits import queue
from integrations.connections.models import (
    Connection,
    ConnectionState,
    CredentialCandidate,
    RecordFingerprint,
    Token,
    TokenDemand,
)
from integrations.total_expert import ReconnectRequired, TryLater
from portal.accounts.models import User
from portal.audit import log
from portal.core import clock

#: States in which nothing may be sent for a connection until it is granted anew, with what the caller is told.
_CLOSED = {
    ConnectionState.PENDING: "This connection was never granted. Connect it first.",
    ConnectionState.NEEDS_RECONNECT: "This connection needs a new grant. Reconnect it.",
    ConnectionState.QUARANTINED: "This connection is quarantined, because its grant belongs to another organization.",
    ConnectionState.REVOKED: "This connection was revoked. Connect it again.",
}
#: From which states each may be entered: whatever else happens meanwhile, a person's decision is not overwritten.
_FROM = {
    ConnectionState.ACTIVE: frozenset(ConnectionState),
    ConnectionState.NEEDS_RECONNECT: frozenset({ConnectionState.ACTIVE}),
    ConnectionState.PAUSED: frozenset({ConnectionState.ACTIVE}),
    ConnectionState.QUARANTINED: frozenset(ConnectionState) - {ConnectionState.REVOKED},
    ConnectionState.REVOKED: frozenset(ConnectionState),
}


def set_state(
    connection: Connection,
    state: ConnectionState,
    *,
    reason: str = "",
    actor: User | None = None,
    before: frozenset[ConnectionState] | None = None,
) -> bool:
    """Put ``connection`` into ``state``, unless it is in none of the states ``before`` (by default all that make sense).

    Answers whether it is there now. A change is noted in the audit log; ``connection`` shows the row as it is. What
    waits for a connection goes on when it is put into ACTIVE, whether or not it was before.
    """
    allowed = (before if before is not None else _FROM[state]) | {state}
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        moved = ConnectionState(row.state) in allowed
        if moved:
            _enter(row, state, reason, actor)
            if state == ConnectionState.ACTIVE:
                transaction.on_commit(
                    lambda: signals.connection_ready.send(Connection, connection=connection)
                )
    connection.state, connection.reason, connection.since = row.state, row.reason, row.since
    return moved


def _enter(row: Connection, state: ConnectionState, reason: str, actor: User | None) -> None:
    row.reason = reason[:255]
    before = ConnectionState(row.state)
    if before != state:
        row.state, row.since = state, clock.now()
        organization = row.installation.organization
        log.record(f"connection.{state}", actor=actor, organization=organization, target=row)
    row.save(update_fields=["state", "reason", "since"])
    if before != state:
        signals.state_changed.send(Connection, connection=row, before=before, actor=actor)


class ConnectionPaused(TryLater):
    """A person paused the connection. Its work looks again after a day; whoever resumes it has it go on at once."""

    def __init__(self) -> None:
        super().__init__(
            "This connection is paused. What waits for it goes on when somebody resumes it.",
            after=24 * 3600.0,
        )


def require_usable(connection: Connection) -> None:
    """Raise unless the connection may send anything, whatever the caller's copy of the row says.

    Paused, since a pause ends; ReconnectRequired in every other state that is closed.
    """
    connection.refresh_from_db(fields=["state", "reason"])
    if connection.state == ConnectionState.PAUSED:
        raise ConnectionPaused
    sentence = _CLOSED.get(ConnectionState(connection.state))
    if sentence:
        raise ReconnectRequired(f"{sentence} {connection.reason}".strip())


def pause(connection: Connection, *, actor: User) -> bool:
    """Send nothing for a working connection until somebody resumes it. Its tokens are kept. False when it is not working."""
    with transaction.atomic():
        paused = set_state(
            connection,
            ConnectionState.PAUSED,
            reason="Its work waits until somebody resumes it.",
            actor=actor,
        )
        if paused:
            Connection.objects.filter(pk=connection.pk).update(paused_by=actor)
            queue.suspend(connection)
    return paused


def resume(connection: Connection, *, actor: User) -> bool:
    """Go on after a pause, and with all that waited for it. False when it is not paused."""
    return set_state(
        connection, ConnectionState.ACTIVE, actor=actor, before=frozenset({ConnectionState.PAUSED})
    )


def revoke(connection: Connection, *, actor: User, reason: str = "Its tokens were forgotten here.") -> bool:
    """Forget its tokens and credentials. Total Expert has no endpoint to revoke a grant: that is done over there."""
    with transaction.atomic():
        delete_grant(connection)
        return set_state(connection, ConnectionState.REVOKED, reason=reason, actor=actor)


def quarantine(connection: Connection, *, reason: str, conflicts_with: Connection | None = None) -> None:
    """Refuse a grant that turned out to be another organization's: of it nothing is kept but the reason.

    What was mirrored by this grant is taken out again by whoever listens to `signals.quarantined`.
    """
    with transaction.atomic():
        since = Connection.objects.values_list("admitted_at", flat=True).get(pk=connection.pk)
        delete_grant(connection)
        Connection.objects.filter(pk=connection.pk).update(conflicts_with=conflicts_with)
        set_state(connection, ConnectionState.QUARANTINED, reason=reason)
        if since is not None:
            signals.quarantined.send(Connection, connection=connection, since=since)


def delete_grant(connection: Connection) -> None:
    """Forget the secrets, and what the grant told about its organization."""
    delete_secrets(connection)
    RecordFingerprint.objects.filter(connection=connection).delete()
    Connection.objects.filter(pk=connection.pk).update(admitted_at=None, conflicts_with=None)


def delete_secrets(connection: Connection) -> None:
    """Delete the token pair and the client credentials."""
    Token.objects.filter(connection=connection).delete()
    TokenDemand.objects.filter(connection=connection).delete()
    CredentialCandidate.objects.filter(connection=connection).delete()
    Connection.objects.filter(pk=connection.pk).update(
        client_id=None, client_secret=None, client_fingerprint=""
    )
    connection.client_id = connection.client_secret = None
    connection.client_fingerprint = ""
