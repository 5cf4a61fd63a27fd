"""The admin of a table that is only looked at. What changes something is an `Action`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.http import urlencode

from portal.core import search_text
from portal.core.admin import display
from portal.core.admin.actions import ActionsMixin
from portal.core.admin.filters import narrowed_to, parameter_of
from portal.core.admin.paging import KeysetChangeList

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(ActionsMixin, _ModelAdmin):
    """Rows of a table, read-only, a page at a time, in the order of an index.

    - ``ordering`` has one column: it has an index and holds no nulls.
    - ``sorts`` are the columns by which people may sort: each the same.
    - ``list_defer`` are columns that the list does not show, such as secrets and long texts.
    - ``narrowed_by`` are the objects on whose pages a link opens this list: their model and the path to them.
    """

    list_per_page = 100
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    sorts: Sequence[str] = ()
    has_history = False
    list_defer: Sequence[str] = ()
    narrowed_by: ClassVar[Mapping[str, str]] = {}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.admin_site.has_permission(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(self.admin_site.has_permission(request))

    def get_urls(self) -> list[URLPattern]:
        """Return the addresses of reading and of actions: nothing is added or deleted here."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}_"
        kept = {f"{prefix}{name}" for name in ("changelist", "change", "action")}
        if self.has_history:
            kept.add(f"{prefix}history")
        return [each for each in super().get_urls() if each.name in kept]

    # --- The list ---

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def for_list(self, request: HttpRequest, rows: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
        """Return those of ``rows`` that the list is made of."""
        return rows

    def get_search_results(
        self, request: HttpRequest, queryset: "models.QuerySet[Any]", search_term: str
    ) -> tuple["models.QuerySet[Any]", bool]:
        """Return the rows that ``search_term`` finds. A search column is searched as the portal's pages do."""
        if tuple(self.search_fields) == ("search",):
            return queryset.filter(search_text.matching("search", search_term)), False
        return super().get_search_results(request, queryset, search_term)

    def get_sortable_by(self, request: HttpRequest) -> list[Any]:
        """Return the columns whose heads sort: those whose values ``sorts`` names."""
        found = []
        for name in self.get_list_display(request):
            own = getattr(self, str(name), None)
            if getattr(own, "admin_order_field", name) in self.sorts:
                found.append(name)
        return found

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters of the list, first the object that it was opened from."""
        narrowing = [narrowed_to(label, path) for label, path in self.narrowed_by.items()]
        return [*narrowing, *super().get_list_filter(request)]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Return whether an address may filter by ``lookup``: only by what the list offers.

        The stock admin lets addresses compare any column, with which a hash or a secret can be guessed.
        """
        return request is not None and lookup in self.parameters(request)

    def parameters(self, request: HttpRequest) -> set[str]:
        """Return the names by which addresses may filter."""
        return {each.parameter_name for each in self.get_list_filter(request)}

    def narrowed_list(self, label: str, row: Any) -> str:
        """Return the query of this list's address for the rows of an object of the model ``label``."""
        return urlencode({parameter_of(label): row.pk})

    # --- One object ---

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return list(flatten_fieldsets(self.get_fieldsets(request, obj)))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context["original"]
        context |= {
            "title": self.title_of(row),
            "subtitle": None,
            "tools": self.tools(row),
            "related": self._related(row),
            "has_history": self.has_history,
        }
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def _related(self, row: models.Model) -> list[dict[str, str]]:
        """Return the lists of other tables that can be narrowed to this object."""
        label = row._meta.label_lower
        return [
            {
                "label": str(model._meta.verbose_name_plural),
                "url": f"{display.list_of(model)}?{other.narrowed_list(label, row)}",
            }
            for model, other in self.admin_site._registry.items()
            if isinstance(other, ReadOnlyAdmin) and label in other.narrowed_by
        ]

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """Answer 404 for an object that is not there. The stock admin redirects, with a message that repeats the key."""
        raise Http404
