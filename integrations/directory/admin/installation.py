"""What the lists of contacts, groups and owners share: an operator chooses an organization first."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import urlencode

from integrations.connections.models import Installation
from portal.core.admin import display
from portal.core.admin.read_only import ReadOnlyAdmin
from portal.core.pages import text_param
from portal.core.parameters import read_id
from portal.organizations.models import Organization

#: The most organizations that the page offers. A search finds the others.
OFFERED = 50
ORGANIZATION, ENVIRONMENT = "organization", "environment"
#: The parameter for a part of an organization's name.
NAME = "name"


def installations(request: HttpRequest) -> list[Installation]:
    """Return the installations of the organization in the address, production first. Reads them once a request."""
    if not hasattr(request, "admin_installations"):
        key = read_id(request.GET.get(ORGANIZATION, ""))
        rows = Installation.objects.none() if key is None else Installation.objects.filter(organization=key)
        found = rows.select_related("organization", "environment").production_first()
        request.admin_installations = list(found)  # type: ignore[attr-defined]
    rows_: list[Installation] = request.admin_installations  # type: ignore[attr-defined]
    return rows_


def chosen(request: HttpRequest) -> Installation | None:
    """Return the installation that the address names, or the first one if it names no environment."""
    rows = installations(request)
    named = (row for row in rows if row.environment.name == request.GET.get(ENVIRONMENT))
    return next(named, rows[0] if rows else None)


class OrganizationFilter(SimpleListFilter):
    """Shows which organization the list is about. "All" leads back to the choice."""

    title = "organization"
    parameter_name = ORGANIZATION

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        row = chosen(request)
        return [(str(row.organization_id), row.organization.name)] if row else []

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset  # `ByInstallationAdmin.for_list` has narrowed it


class EnvironmentFilter(SimpleListFilter):
    """The environments of the organization. Each has its own rows."""

    title = "environment"
    parameter_name = ENVIRONMENT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(row.environment.name, row.environment.label) for row in installations(request)]

    def choices(self, changelist: Any) -> Any:
        """Leave out "All", because IDs of two environments must not be mixed."""
        row = chosen(self.request)
        for name, label in self.lookup_choices:
            yield {
                "selected": row is not None and row.environment.name == name,
                "query_string": changelist.get_query_string({ENVIRONMENT: name}),
                "display": label,
            }

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset


class ByInstallationAdmin(ReadOnlyAdmin):
    """The admin of a large table whose list shows one installation's rows, and nothing before one is chosen."""

    narrowed_by: ClassVar[Mapping[str, str]] = {
        "organizations.organization": "installation__organization",
        "connections.installation": "installation",
    }

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if chosen(request) is None:
            return self._choose(request)
        response: HttpResponse = super().changelist_view(request, extra_context)
        return response

    def _choose(self, request: HttpRequest) -> HttpResponse:
        """Offer organizations that have an installation, found by a part of their name."""
        name = text_param(request.GET, NAME).strip()
        known = (
            Organization.objects.matching(name)
            .filter(installations__isnull=False)
            .distinct()
            .order_by("name")[: OFFERED + 1]
        )
        found = [
            {"name": row.name, "url": f"{request.path}?{urlencode({ORGANIZATION: row.pk})}"} for row in known
        ]
        context = {
            **self.admin_site.each_context(request),
            "title": "Choose an organization",
            "opts": self.opts,
            "organizations": found[:OFFERED],
            "more": len(found) > OFFERED,
            "offered": OFFERED,
            "name": name,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/choose_organization.html", context)

    def for_list(self, request: HttpRequest, rows: "QuerySet[Any]") -> "QuerySet[Any]":
        return rows.filter(installation=chosen(request))

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows = super().get_queryset(request)
        return rows.select_related("installation__organization", "installation__environment")

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [OrganizationFilter, EnvironmentFilter, *self.list_filter]

    def narrowed_list(self, label: str, row: Any) -> str:
        """Return the query for the rows of an organization, of an installation, or of an object in it."""
        if isinstance(row, Organization):
            return urlencode({ORGANIZATION: row.pk})
        installation = row if isinstance(row, Installation) else row.installation
        place = {ORGANIZATION: installation.organization_id, ENVIRONMENT: installation.environment.name}
        return urlencode({**place, **self.extra_parameters(label, row)})

    def extra_parameters(self, label: str, row: Any) -> dict[str, Any]:
        """Return the parameters that narrow the list to an object in an installation."""
        return {}

    def installation_link(self, row: Any) -> Any:
        """Return a link to the installation that the row belongs to."""
        name = f"{row.installation.organization.name}, {row.installation.environment.label}"
        return display.link(row.installation, name)

    installation_link.short_description = "Installation"  # type: ignore[attr-defined]
