"""What onboarding shows on lower screens: the Test button of a connection and its latest verification."""

from typing import Any

from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState
from integrations.connections.permissions import may_manage
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from portal.accounts.guard import current_user
from portal.core import panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability


@panels.register("organization", name="refused-credentials", template="onboarding/refused.html", order=5)
def refused_credentials(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """What was wrong with credentials that never worked, for whoever can paste others."""
    if not organization.allows(current_user(request), Capability.MANAGE):
        return None
    tried = Verification.objects.filter(
        connection__installation__organization=organization,
        connection__state=ConnectionState.PENDING,
        outcome=Verification.Outcome.FAILED,
    )
    rows = list(tried.select_related("connection__installation__environment").order_by("finished_at"))
    return {"rows": rows, "organization": organization} if rows else None


@panels.register("connection", name="verification", template="onboarding/verification.html", order=20)
def latest_verification(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """What the latest verification found, and the button that repeats it."""
    tried = Verification.objects.filter(connection=connection).first()
    if tried is None and connection.state != ConnectionState.ACTIVE:
        return None
    return {
        "verification": tried,
        "steps": verification.steps_of(connection, tried),
        "may_test": may_manage(request, connection) and connection.state == ConnectionState.ACTIVE,
        "organization": connection.installation.organization,
    }
