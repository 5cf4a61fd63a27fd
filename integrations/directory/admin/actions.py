"""The action "sync" of connections in Django's admin."""

from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState
from integrations.directory.sync import jobs
from portal.accounts.guard import current_user
from portal.core.admin import actions


def _why_not(row: Connection) -> str:
    if row.state != ConnectionState.ACTIVE:
        return f"This connection is {row.get_state_display().lower()}."
    return "" if row.admitted_at else "This connection has not been verified yet. Test it first."


def _sync(request: HttpRequest, row: Connection) -> str:
    job = jobs.request_sync(connection=row, actor=current_user(request))
    return f"The sync runs as job {job.pk}."


actions.register(
    "connections.connection",
    actions.Action(
        name="sync",
        label="Sync",
        consequence="A job reads what has changed at Total Expert since the last sync. Its calls count toward the limit.",
        run=_sync,
        refusal=_why_not,
    ),
)
