"""Filters of the admin's lists: a closed list of values, and the one object that a list was opened from."""

from collections.abc import Callable, Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db import models
from django.http import HttpRequest

Rows = "models.QuerySet[Any]"
Choices = Iterable[tuple[str, str]]


class SelectFilter(SimpleListFilter):
    """A filter with many choices: drawn as a select instead of a list of links."""

    template = "admin/select_filter.html"

    def choices(self, changelist: Any) -> Any:
        """Return the rest of the address, which the form repeats, then the options."""
        query = changelist.filter_params.items()
        yield {
            "hidden": [(name, value) for name, all_ in query for value in all_ if name != self.parameter_name]
        }
        known = dict(self.lookup_choices)
        if value := self.value():
            known.setdefault(value, value)  # one that is beyond the choices
        for value, label in known.items():
            yield {"value": value, "label": label, "selected": self.value() == value}


def one_of(
    parameter: str,
    title: str,
    choices: Choices | Callable[[], Choices],
    apply: Callable[[Any, str], Any] | None = None,
    *,
    kind: type[SimpleListFilter] = SimpleListFilter,
) -> type[SimpleListFilter]:
    """Make a filter with these ``choices`` (value, label); any other value in the address filters nothing.

    ``apply(rows, value)`` narrows the list. By default the column called ``parameter`` must be equal to the value.
    """
    name = parameter

    class OneOf(kind):  # type: ignore[valid-type,misc]
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
            return list(choices() if callable(choices) else choices)

        def queryset(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
            value = self.value()
            if value is None or value not in {known for known, _ in self.lookup_choices}:
                return queryset
            return apply(queryset, value) if apply else queryset.filter(**{name: value})

    OneOf.title = title
    return OneOf


def yes_or_no(column: str, title: str) -> type[SimpleListFilter]:
    """Make a filter for a column that is true or false."""
    return one_of(
        column,
        title,
        [("yes", "Yes"), ("no", "No")],
        lambda rows, value: rows.filter(**{column: value == "yes"}),
    )


def narrowed_to(label: str, path: str) -> type[SimpleListFilter]:
    """Make a filter for the rows of one object, as links on that object's page open the list.

    ``label`` is the object's model, and its name the parameter; ``path`` leads from the row to the object. The filter
    is only shown while it is used: it does not list what there is to choose.
    """
    model = apps.get_model(label)

    class NarrowedTo(SimpleListFilter):
        parameter_name = parameter_of(label)

        def lookups(self, request: HttpRequest, model_admin: "ModelAdmin[Any]") -> list[tuple[str, str]]:
            value = self.value()
            if value is None:
                return []
            admin: Any = model_admin.admin_site.get_model_admin(model)
            self.chosen = admin.get_object(request, value)
            return [(value, admin.title_of(self.chosen) if self.chosen is not None else "Not found")]

        def queryset(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> "models.QuerySet[Any]":
            if self.value() is None:
                return queryset
            return queryset.filter(**{path: self.chosen.pk}) if self.chosen is not None else queryset.none()

    NarrowedTo.title = str(model._meta.verbose_name)
    return NarrowedTo


def parameter_of(label: str) -> str:
    """Return what a list calls the object that it is narrowed to: "organization" for "organizations.organization"."""
    return label.rpartition(".")[2]
