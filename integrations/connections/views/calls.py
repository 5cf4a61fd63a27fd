"""The call log of one connection, and its errors by kind."""

import uuid
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from integrations.connections import call_log
from integrations.connections.models import Call
from integrations.connections.permissions import connection_title, visible_connection
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

PAGE = 100
#: The filters by name, each with its label.
KINDS: dict[str, tuple[str, Q]] = {
    "failed": ("Failed", call_log.failed_calls()),
    "writes": ("Writes", ~Q(method="GET")),
    "slow": ("Slower than 2 s", Q(milliseconds__gt=2000)),
    "waited": ("Waited for the rate limit", Q(waited__gt=250)),
}


@organization_view(Capability.BROWSE)
def calls(request: HttpRequest, organization: Organization, pk: uuid.UUID) -> HttpResponse:
    """List the calls of one connection, latest first."""
    connection = visible_connection(request, organization, pk)
    rows = Call.objects.filter(connection=connection)
    chosen = request.GET.get("show", "")
    job = request.GET.get("job", "")
    shown = rows.filter(KINDS[chosen][1]) if chosen in KINDS else rows
    if job.isascii() and job.isdigit() and len(job) < 19:
        shown = shown.filter(job=int(job))
    else:
        job = ""
    page = Paginator(shown.order_by("-at", "-pk"), PAGE).get_page(request.GET.get("page"))
    context: dict[str, Any] = {
        "organization": organization,
        "connection": connection,
        "connection_title": connection_title(connection),
        "page": page,
        "chosen": chosen if chosen in KINDS else "",
        "job": job,
        "choices": [(name, word) for name, (word, _) in KINDS.items()],
        "groups": call_log.group_errors(rows)[:20],
        "days": call_log.RETENTION.days,
    }
    return render(request, "connections/calls.html", context, title="Call log")
