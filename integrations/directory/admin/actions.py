"""The action "sync" of connections in Django's admin."""

from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState
from integrations.directory.sync import jobs
from portal.accounts.guard import current_user
from portal.core.admin import actions
from portal.core.errors import Refused


def _sync(request: HttpRequest, row: Connection) -> str:
    if row.state != ConnectionState.ACTIVE:
        raise Refused(f"Nothing was started. This connection is {row.get_state_display().lower()}.")
    if row.admitted_at is None:
        raise Refused("Nothing was started. This connection has not been verified yet. Test it first.")
    job = jobs.request_sync(connection=row, actor=current_user(request))
    return f"The sync has started as job {job.pk}."


actions.register(
    "connections.connection",
    actions.Action(
        name="sync",
        label="Sync",
        consequence="A job reads what has changed at Total Expert since the last sync. It uses calls of the limit.",
        run=_sync,
        fits=lambda row: row.state == ConnectionState.ACTIVE and row.admitted_at is not None,
    ),
)
