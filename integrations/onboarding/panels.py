"""Panels of onboarding: rejected credentials of an organization, and the latest test of a connection."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from portal.accounts.guard import current_user
from portal.core import panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability


@panels.register(
    "organization", name="rejected-credentials", template="onboarding/rejected_credentials.html", place="top"
)
def rejected_credentials(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """Show managers why credentials that never worked were rejected, until the environment is connected another way."""
    if not organization.allows(current_user(request), Capability.MANAGE):
        return None
    connected_since = Connection.objects.filter(
        installation=OuterRef("connection__installation"),
        state=ConnectionState.ACTIVE,
        since__gt=OuterRef("finished_at"),
    )
    tried = Verification.objects.filter(
        ~Exists(connected_since),
        connection__installation__organization=organization,
        connection__state=ConnectionState.PENDING,
        outcome=Verification.Outcome.FAILED,
    )
    rows = list(tried.select_related("connection__installation__environment").order_by("finished_at"))
    return {"rows": rows, "organization": organization} if rows else None


@panels.register("connection", name="verification", template="onboarding/verification.html", order=20)
def latest_verification(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """Show the latest test of a connection."""
    tried = Verification.objects.filter(connection=connection).first()
    if tried is None and connection.state != ConnectionState.ACTIVE:
        return None
    return {
        "verification": tried,
        "steps": verification.steps_of(connection, tried),
        "organization": connection.installation.organization,
    }
