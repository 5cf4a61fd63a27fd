"""Token requests in Django's admin: what was asked of Total Expert, why, and how it answered."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections.models import Purpose, RequestState, TokenRequest
from integrations.connections.permissions import connection_title
from portal.core.admin import display
from portal.core.admin.filters import one_of
from portal.organizations.admin.search import FindsByOrganization


@admin.register(TokenRequest)
class TokenRequestAdmin(FindsByOrganization):
    """The ledger of token requests. Failed ones count, too."""

    list_display = ("at", "organization_name", "connection_title", "purpose", "state", "outbound")
    list_filter = (
        one_of("state", "state", list(RequestState.choices)),
        one_of("purpose", "purpose", list(Purpose.choices)),
    )
    ordering = ("-at",)
    organization_path = "connection__installation__organization"
    narrowed_by = {
        "organizations.organization": "connection__installation__organization",
        "connections.connection": "connection",
    }
    fields = (
        "organization_name",
        "connection_link",
        "purpose",
        "rank",
        "state",
        "at",
        "held_until",
        "ended_at",
        "outbound",
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = (
            super()
            .get_queryset(request)
            .select_related(
                "budget__egress",
                "connection__user",
                "connection__installation__environment",
                "connection__installation__organization",
            )
        )
        return rows.defer("connection__client_id", "connection__client_secret", "budget__egress__proxy_url")

    def view_on_site(self, row: TokenRequest) -> str:
        return reverse("limits")

    @admin.display(description="Organization")
    def organization_name(self, row: TokenRequest) -> str:
        return row.connection.installation.organization.name if row.connection else display.NOTHING

    @admin.display(description="Connection")
    def connection_title(self, row: TokenRequest) -> str:
        return connection_title(row.connection) if row.connection else display.NOTHING

    @admin.display(description="Connection")
    def connection_link(self, row: TokenRequest) -> SafeString | str:
        return display.link(row.connection, self.connection_title(row))

    @admin.display(description="Host and outbound IP address")
    def outbound(self, row: TokenRequest) -> str:
        return f"{row.budget.host}, {row.budget.egress.label}"
