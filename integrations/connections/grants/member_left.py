"""End a person's access when they leave an organization."""

from typing import Any

from integrations.connections import lifecycle
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, ConsentAttempt
from portal.accounts.models import User
from portal.organizations.models import Membership


def on_member_removed(sender: object, *, membership: Membership, actor: User, **_: Any) -> None:
    """Revoke the former member's connections, and end their unfinished consent attempts."""
    attempts = ConsentAttempt.objects.filter(
        user=membership.user_id, installation__organization=membership.organization_id
    )
    for attempt in attempts.filter(consumed_at=None).select_related("slot"):
        if attempt.slot is not None:
            ledger.release_slot(attempt.slot)
    attempts.delete()
    connections = Connection.objects.filter(
        user=membership.user_id, installation__organization=membership.organization_id
    )
    for connection in connections.exclude(state=ConnectionState.REVOKED).select_related(
        "installation__organization"
    ):
        lifecycle.revoke(connection, actor=actor, reason="The person left the organization.")
