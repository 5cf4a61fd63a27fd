"""Filters of the job list, as a django-filter `FilterSet`."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from integrations.connections.models import Connection
from integrations.connections.permissions import connection_title
from integrations.jobs import kinds
from integrations.jobs.models import Job, JobState
from portal.organizations.models import Organization

#: The list offers connections to choose from only when they belong to one organization, and at most this many.
MAX_CONNECTIONS = 200


class ConnectionChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of connections by title."""

    def label_from_instance(self, obj: Any) -> str:
        return connection_title(obj)


class ConnectionFilter(django_filters.ModelChoiceFilter):
    field_class = ConnectionChoiceField


class JobFilter(django_filters.FilterSet):
    """Filter jobs by state, kind, organization and connection.

    ``connections`` are those that the person may see. Invalid values are ignored, so nobody can find out whether
    something exists that they may not see.
    """

    state = django_filters.ChoiceFilter(label="State", choices=JobState.choices, empty_label="Any")
    kind = django_filters.ChoiceFilter(
        label="Kind",
        choices=lambda: [(name, kinds.label_of(name)) for name in kinds.names()],
        empty_label="Any",
    )
    organization = django_filters.CharFilter(label="Organization", method="filter_organization")
    connection = ConnectionFilter(label="Connection", queryset=Connection.objects.none(), empty_label="Any")

    def __init__(self, *args: Any, connections: "QuerySet[Connection]", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.filters["connection"].field.queryset = connections

    def filter_organization(self, jobs: "QuerySet[Job]", name: str, value: str) -> "QuerySet[Job]":
        """Match the slug exactly or a part of the name."""
        return jobs.filter(organization__in=Organization.objects.matching(value))

    @property
    def is_active(self) -> bool:
        """Return whether any filter is set to a valid value."""
        return bool(self.form.is_valid() or self.form.cleaned_data) and any(
            value not in (None, "") for value in self.form.cleaned_data.values()
        )

    def selectable_connections(self) -> list[tuple[str, str]]:
        """Return the connections to choose from as (id, title), if they all belong to one organization."""
        self.form.is_valid()
        chosen: Connection | None = self.form.cleaned_data.get("connection")
        rows = self.filters["connection"].field.queryset
        if text := self.form.cleaned_data.get("organization"):
            rows = rows.filter(installation__organization__in=Organization.objects.matching(text))
        found = list(rows.order_by("created_at")[: MAX_CONNECTIONS + 1])
        if len(found) > MAX_CONNECTIONS or len({row.installation.organization_id for row in found}) != 1:
            found = []
        if chosen is not None and chosen not in found:
            found.append(chosen)
        return [(str(row.pk), connection_title(row)) for row in found]
