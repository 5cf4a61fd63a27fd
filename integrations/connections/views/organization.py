"""The Connections tab of an organization."""

from django.http import HttpRequest, HttpResponse

from integrations.connections.models import Connection, ConnectionState
from integrations.connections.permissions import connection_title, may_connect
from portal.core import paging, sorting
from portal.organizations import page
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: The columns that sort the list, and the fields they sort by.
COLUMNS = {
    "name": "user__name",
    "environment": "installation__environment__label",
    "state": "state",
    "since": "since",
}

page.register_tab("organization_connections", title="Connections", order=20)


@organization_view(Capability.OVERVIEW)
def organization_connections(request: HttpRequest, organization: Organization) -> HttpResponse:
    """List the connections of an organization."""
    sort = sorting.read(request.GET, COLUMNS, default="-since")
    rows = (
        Connection.objects.filter(installation__organization=organization)
        .exclude(state=ConnectionState.PENDING)
        .select_related("user", "installation__environment")
        .order_by(*sort.order_by)
    )
    listed = paging.numbered(rows, request.GET)
    context = {
        "page": listed,
        "rows": [(row, connection_title(row)) for row in listed.rows],
        "sort": sort,
        "may_connect": may_connect(request, organization),
    }
    return page.render_tab(
        request, organization, "connections/organization.html", context, tab="organization_connections"
    )
