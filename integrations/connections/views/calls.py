"""The call log of one connection, and its errors by kind."""

import uuid

from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from integrations.connections import call_log
from integrations.connections.models import Call
from integrations.connections.permissions import visible_connection
from integrations.connections.views import connection_page, health
from portal.core import paging
from portal.core.parameters import read_id
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: The most groups of failed calls that the page lists.
MAX_GROUPS = 20
#: The filters by name, each with its label.
KINDS: dict[str, tuple[str, Q]] = {
    "failed": ("Failed", call_log.failed_calls()),
    "writes": ("Writes", ~Q(method="GET")),
    "slow": ("Slower than 2 s", Q(milliseconds__gt=2000)),
    "waited": ("Waited for the rate limit", Q(waited__gt=250)),
}
#: A filter without an index searches this many of the latest calls.
SEARCHED = 50_000


@organization_view(Capability.BROWSE)
def calls(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """List the calls of one connection, latest first, and group the failed ones."""
    connection = visible_connection(request, organization, pk)
    rows = Call.objects.filter(connection=connection)
    chosen = request.GET.get("show", "")
    job = read_id(request.GET.get("job", ""))
    is_searched = chosen in KINDS and job is None
    shown = call_log.latest(rows, SEARCHED) if is_searched else rows
    if chosen in KINDS:
        shown = shown.filter(KINDS[chosen][1])
    if job is not None:
        shown = shown.filter(job=job)
    return connection_page.draw(
        request,
        connection,
        "connections/calls.html",
        tab="calls",
        waits=health.must_wait(connection),
        page=paging.newest_first(shown, request.GET),
        searched=SEARCHED if is_searched else None,
        chosen=chosen if chosen in KINDS else "",
        job=job,
        choices=[(name, label) for name, (label, _) in KINDS.items()],
        groups=call_log.group_errors(rows)[:MAX_GROUPS],
        days=call_log.RETENTION.days,
    )
