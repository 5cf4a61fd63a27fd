"""Search by the name of an organization, for admin lists whose rows belong to organizations."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from portal.core.admin.read_only import ReadOnlyAdmin
from portal.organizations.models import Organization

#: The most organizations that one search matches.
NAMED = 200


class FindsByOrganization(ReadOnlyAdmin):
    """An admin list whose search finds rows by the name of their organization.

    ``organization_path`` is the lookup from a row to its organization. Override `also_found` to find rows by more.
    """

    organization_path = "organization"
    search_fields = ("organization_path",)  # shows the search field; `get_search_results` ignores it
    search_help_text = "Part of an organization's name."

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        if not search_term.strip():
            return queryset, False
        named = Organization.objects.matching(search_term).order_by("name")
        found = Q(**{f"{self.organization_path}__in": list(named.values_list("pk", flat=True)[:NAMED])})
        return queryset.filter(found | self.also_found(search_term.strip())), False

    def also_found(self, text: str) -> Q:
        """Return which other rows ``text`` finds; by default none."""
        return Q(pk__in=[])
