"""The action "test" of connections in Django's admin."""

from django.http import HttpRequest

from integrations.connections.models import Connection
from integrations.onboarding import verification
from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.core.admin import actions
from portal.core.errors import Refused


def _test(request: HttpRequest, row: Connection) -> str:
    rate_limits.spend(request, "test")
    if not verification.can_start(row):
        raise Refused("There is nothing to test. Connect it first.")
    job = verification.start(row, actor=current_user(request))
    return f"The test has started as job {job.pk}."


actions.register(
    "connections.connection",
    actions.Action(
        name="test",
        label="Test",
        consequence=(
            "A job checks what the connection reaches at Total Expert, then syncs it. It uses calls of the limit, and a "
            "token request where its token has expired."
        ),
        run=_test,
        fits=verification.can_start,
    ),
)
