"""The search of tables that hold organizations' things: it takes an organization's name."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from portal.core.admin.read_only import ReadOnlyAdmin
from portal.organizations.models import Organization

#: Organizations that one search goes through.
NAMED = 200


class FindsByOrganization(ReadOnlyAdmin):
    """The admin of a table of organizations' things: its search takes an organization's name.

    ``organization_path`` leads from a row to its organization. `also_found` adds what else the search takes.
    """

    organization_path = "organization"
    search_fields = ("organization_path",)  # what is typed goes to `get_search_results`
    search_help_text = "Part of an organization's name."

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        if not search_term.strip():
            return queryset, False
        named = Organization.objects.filter(name__icontains=search_term.strip()).order_by("name")
        found = Q(**{f"{self.organization_path}__in": list(named.values_list("pk", flat=True)[:NAMED])})
        return queryset.filter(found | self.also_found(search_term.strip())), False

    def also_found(self, text: str) -> Q:
        """Return what else is found by ``text``; by default nothing."""
        return Q(pk__in=[])
