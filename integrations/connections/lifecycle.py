"""The states of a connection: how it moves between them, and what each one allows."""

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
from portal.organizations.roles import Capability

#: The states in which nothing may be sent until the connection is granted access again, and what its callers are told.
_UNUSABLE = {
    ConnectionState.PENDING: "This connection is not connected yet. Connect it first.",
    ConnectionState.NEEDS_RECONNECT: "This connection needs a reconnect.",
    ConnectionState.QUARANTINED: "This connection is quarantined because it shows another organization's records.",
    ConnectionState.REVOKED: "This connection was revoked. Connect it again.",
}
#: The states from which each state may be set, so that neither an automatic change nor a repeated request overwrites a
#: person's decision.
_ALLOWED_FROM = {
    ConnectionState.ACTIVE: frozenset(ConnectionState),
    ConnectionState.NEEDS_RECONNECT: frozenset({ConnectionState.ACTIVE, ConnectionState.NEEDS_RECONNECT}),
    ConnectionState.PAUSED: frozenset({ConnectionState.ACTIVE}),
    ConnectionState.QUARANTINED: frozenset(ConnectionState) - {ConnectionState.REVOKED},
    ConnectionState.REVOKED: frozenset(ConnectionState) - {ConnectionState.REVOKED},
}


def set_state(
    connection: Connection,
    state: ConnectionState,
    *,
    reason: str = "",
    actor: User | None = None,
    allowed_from: frozenset[ConnectionState] | None = None,
) -> bool:
    """Put ``connection`` into ``state`` if its current state allows it. Return whether it did.

    ``allowed_from`` overrides the states from which the change is allowed. A change is written to the audit log, and
    ``connection`` is updated to the current row. Setting ACTIVE lets waiting work continue, even if it was active before.
    """
    allowed = allowed_from if allowed_from is not None else _ALLOWED_FROM[state]
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        is_allowed = ConnectionState(row.state) in allowed
        if is_allowed:
            _enter(row, state, reason, actor)
            if state == ConnectionState.ACTIVE:
                transaction.on_commit(
                    lambda: signals.connection_ready.send(Connection, connection=connection)
                )
    connection.state, connection.reason, connection.since = row.state, row.reason, row.since
    return is_allowed


def _enter(row: Connection, state: ConnectionState, reason: str, actor: User | None) -> None:
    row.reason = reason[:255]
    before = ConnectionState(row.state)
    if before != state:
        row.state, row.since = state, clock.now()
        organization = row.installation.organization
        log.record(f"connection.{state}", actor=actor, organization=organization, target=row)
    if state == ConnectionState.ACTIVE:
        row.paused_by = None
    row.save(update_fields=["state", "reason", "since", "paused_by"])
    if before != state:
        signals.state_changed.send(Connection, connection=row, before=before, actor=actor)


PAUSE_REASON = "Syncing and changes wait until someone resumes it."


class ConnectionPaused(TryLater):
    """A person paused the connection. Its work checks again after a day, and continues at once when it is resumed."""

    def __init__(self) -> None:
        super().__init__(
            "This connection is paused. Its work continues when someone resumes it.",
            after=24 * 3600.0,
        )


def require_usable(connection: Connection) -> None:
    """Raise an error unless something may be sent for a connection. Read its current state from the database.

    Raise ConnectionPaused if it is paused, and ReconnectRequired in all other states that don't allow it.
    """
    connection.refresh_from_db(fields=["state", "reason"])
    if connection.is_paused:
        raise ConnectionPaused
    sentence = _UNUSABLE.get(ConnectionState(connection.state))
    if sentence:
        raise ReconnectRequired(f"{sentence} {connection.reason}".strip())


def pause(connection: Connection, *, actor: User) -> bool:
    """Stop sending anything for an active connection until someone resumes it. Keep its tokens.

    Change nothing and return False if it isn't active, so that a second pause doesn't replace `paused_by`.
    """
    with transaction.atomic():
        is_paused = set_state(
            connection,
            ConnectionState.PAUSED,
            reason=PAUSE_REASON,
            actor=actor,
        )
        if is_paused:
            Connection.objects.filter(pk=connection.pk).update(paused_by=actor)
            queue.suspend(connection)
    return is_paused


def resume(connection: Connection, *, actor: User) -> bool:
    """Resume a paused connection and its waiting work. Return False if it isn't paused."""
    return set_state(
        connection, ConnectionState.ACTIVE, actor=actor, allowed_from=frozenset({ConnectionState.PAUSED})
    )


def may_resume(connection: Connection, user: User) -> bool:
    """Return whether ``user`` may end a pause: managers any, others one that they began."""
    return connection.installation.organization.allows(user, Capability.MANAGE) or (
        connection.paused_by_id == user.pk
    )


def activate(connection: Connection, *, actor: User) -> None:
    """Put a connection into use after ``actor`` gave access. It stays paused if someone paused it whom they can't overrule.

    So neither revoking it first nor finishing a consent that began before the pause ends the pause.
    """
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection.pk)
        was_paused = row.is_paused or (row.paused_by_id is not None and not row.is_active)
        is_kept = was_paused and not may_resume(row, actor)
        set_state(
            connection,
            ConnectionState.PAUSED if is_kept else ConnectionState.ACTIVE,
            reason=PAUSE_REASON if is_kept else "",
            actor=actor,
            allowed_from=frozenset(ConnectionState),
        )


def revoke(connection: Connection, *, actor: User, reason: str = "The portal deleted its tokens.") -> bool:
    """Delete a connection's tokens and credentials. Return False if it was revoked before.

    Total Expert has no endpoint to revoke a grant, so the access itself must be removed there.
    """
    with transaction.atomic():
        delete_grant(connection)
        return set_state(connection, ConnectionState.REVOKED, reason=reason, actor=actor)


def quarantine(connection: Connection, *, reason: str, conflicts_with: Connection | None = None) -> None:
    """Reject a grant that shows another organization's records, and delete everything about it but the reason.

    Receivers of `signals.quarantined` remove what was synced through it.
    """
    with transaction.atomic():
        since = Connection.objects.values_list("admitted_at", flat=True).get(pk=connection.pk)
        delete_grant(connection)
        Connection.objects.filter(pk=connection.pk).update(conflicts_with=conflicts_with)
        set_state(connection, ConnectionState.QUARANTINED, reason=reason)
        if since is not None:
            signals.quarantined.send(Connection, connection=connection, since=since)


def delete_grant(connection: Connection) -> None:
    """Delete a connection's secrets and the fingerprints of its organization."""
    delete_secrets(connection)
    RecordFingerprint.objects.filter(connection=connection).delete()
    Connection.objects.filter(pk=connection.pk).update(admitted_at=None, conflicts_with=None)


def delete_secrets(connection: Connection) -> None:
    """Delete a connection's token pair, client credentials, and queue entries."""
    Token.objects.filter(connection=connection).delete()
    TokenDemand.objects.filter(connection=connection).delete()
    CredentialCandidate.objects.filter(connection=connection).delete()
    Connection.objects.filter(pk=connection.pk).update(
        client_id=None, client_secret=None, client_fingerprint=""
    )
    connection.client_id = connection.client_secret = None
    connection.client_fingerprint = ""
