"""The call log in Django's admin: the calls of one connection or of one job, and the latest of all."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections.models import Call
from integrations.connections.permissions import connection_title
from integrations.connections.views.calls import KINDS
from portal.core.admin import display
from portal.core.admin.filters import one_of
from portal.core.admin.read_only import ReadOnlyAdmin

SHOWN = one_of(
    "show",
    "calls",
    [(name, label) for name, (label, _) in KINDS.items()],
    lambda rows, value: rows.filter(KINDS[value][1]),
)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    """Calls of the last 15 days, without query values, headers or bodies."""

    list_display = (
        "at",
        "method",
        "path",
        "status_or_none",
        "milliseconds",
        "organization_name",
        "connection_title",
    )
    ordering = ("-pk",)
    narrowed_by = {"connections.connection": "connection", "jobs.job": "job"}
    fields = (
        "at",
        "organization_name",
        "connection_link",
        "method",
        "path",
        "status_or_none",
        "milliseconds",
        "waited",
        "job",
        "request_id",
    )

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters. Millions of calls are not searched for the few that failed: only one connection's are."""
        found = super().get_list_filter(request)
        return [*found, SHOWN] if "connection" in request.GET or "job" in request.GET else found

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = (
            super()
            .get_queryset(request)
            .select_related(
                "connection__user",
                "connection__installation__environment",
                "connection__installation__organization",
            )
        )
        return rows.defer("connection__client_id", "connection__client_secret")

    def view_on_site(self, row: Call) -> str:
        return reverse("calls", args=[row.connection.installation.organization.slug, row.connection_id])

    @admin.display(description="Status")
    def status_or_none(self, row: Call) -> str:
        return "No answer" if row.status is None else str(row.status)

    @admin.display(description="Organization")
    def organization_name(self, row: Call) -> str:
        return row.connection.installation.organization.name

    @admin.display(description="Connection")
    def connection_title(self, row: Call) -> str:
        return connection_title(row.connection)

    @admin.display(description="Connection")
    def connection_link(self, row: Call) -> SafeString | str:
        return display.link(row.connection, connection_title(row.connection))
