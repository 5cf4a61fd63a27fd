"""Somebody leaves an organization: what they consented to there ends with it."""

from typing import Any

from integrations.connections import lifecycle
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, ConsentAttempt
from portal.accounts.models import User
from portal.organizations.models import Membership


def on_member_removed(sender: object, *, membership: Membership, actor: User, **_: Any) -> None:
    """Forget the tokens of their connections, and the ways to Total Expert they are still on."""
    attempts = ConsentAttempt.objects.filter(
        user=membership.user_id, installation__organization=membership.organization_id
    )
    for attempt in attempts.filter(consumed_at=None).select_related("slot"):
        if attempt.slot is not None:
            ledger.release_slot(attempt.slot)
    attempts.delete()
    theirs = Connection.objects.filter(
        user=membership.user_id, installation__organization=membership.organization_id
    )
    for connection in theirs.exclude(state=ConnectionState.REVOKED).select_related(
        "installation__organization"
    ):
        lifecycle.revoke(connection, actor=actor, reason="The person left the organization.")
