"""Filters of the audit log, as a django-filter `FilterSet`."""

import django_filters
from django import forms
from django.db.models import QuerySet

from portal.audit import actions
from portal.audit.models import Entry
from portal.core import search_text
from portal.organizations.models import Organization


def _search(placeholder: str) -> forms.SearchInput:
    return forms.SearchInput(attrs={"placeholder": placeholder, "autocomplete": "off"})


class AuditLogFilter(django_filters.FilterSet):
    """Filter entries by action, organization and user. Invalid values are ignored."""

    action = django_filters.ChoiceFilter(label="Action", choices=actions.choices, empty_label="Any")
    organization = django_filters.CharFilter(
        label="Organization", method="filter_organization", widget=_search("Name")
    )
    user = django_filters.CharFilter(label="User", method="filter_user", widget=_search("Name or email"))

    def filter_organization(self, entries: "QuerySet[Entry]", name: str, value: str) -> "QuerySet[Entry]":
        """Match the slug exactly or a part of the name."""
        found = Organization.objects.matching(value)
        return entries.filter(organization_id__in=found.values("pk"))

    def filter_user(self, entries: "QuerySet[Entry]", name: str, value: str) -> "QuerySet[Entry]":
        """Match a part of the name or email of the user who acted."""
        return entries.filter(search_text.matching("actor__search", value))

    @property
    def is_active(self) -> bool:
        """Return whether any filter is set to a valid value."""
        self.form.is_valid()
        return any(self.form.cleaned_data.values())
