"""What onboarding shows on lower screens: the Test button of a connection and its latest verification."""

from typing import Any

from django.http import HttpRequest

from integrations.connections.access import may_manage
from integrations.connections.models import Connection, State
from integrations.onboarding import verification
from integrations.onboarding.models import Verification
from portal.organizations import panels


@panels.register("connection", name="verification", template="onboarding/verification.html", order=20)
def latest_verification(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """What the latest verification found, and the button that repeats it."""
    tried = Verification.objects.filter(connection=connection).first()
    if tried is None and connection.state != State.ACTIVE:
        return None
    return {
        "verification": tried,
        "steps": verification.steps_of(connection, tried),
        "may_test": may_manage(request, connection) and connection.state == State.ACTIVE,
        "organization": connection.installation.organization,
    }
