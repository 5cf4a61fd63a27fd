"""The action "test" of connections in Django's admin."""

from django.http import HttpRequest

from integrations.connections.models import Connection
from integrations.onboarding import verification
from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.core.admin import actions


def _why_not(row: Connection) -> str:
    return "" if verification.can_start(row) else "Nothing to test. Connect it first."


def _test(request: HttpRequest, row: Connection) -> str:
    rate_limits.spend(request, "test")
    job = verification.start(row, actor=current_user(request))
    return f"The test runs as job {job.pk}."


actions.register(
    "connections.connection",
    actions.Action(
        name="test",
        label="Test",
        consequence=(
            "A job checks what the connection reaches at Total Expert, then syncs it. Its calls count toward the limit, "
            "and so does a token request if the token has expired."
        ),
        run=_test,
        refusal=_why_not,
    ),
)
