"""Filters of the list of organizations, as a django-filter `FilterSet`."""

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet

from portal.accounts.models import User
from portal.organizations.models import Organization


class OperatorChoiceField(django_filters.fields.ModelChoiceField):
    """A choice of operators by name."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.display_name)


class OperatorFilter(django_filters.ModelChoiceFilter):
    field_class = OperatorChoiceField


def operators(request: object) -> "QuerySet[User]":
    """Return the operators to choose from."""
    return User.objects.filter(is_operator=True).order_by("name", "email")


class OrganizationFilter(django_filters.FilterSet):
    """Filter organizations by name and account owner. Invalid values are ignored."""

    q = django_filters.CharFilter(
        label="Name",
        method="filter_name",
        widget=forms.SearchInput(attrs={"placeholder": "Part of a name", "autocomplete": "off"}),
    )
    owner = OperatorFilter(
        label="Account owner",
        field_name="account_owner",
        queryset=operators,
        empty_label="Anyone",
        null_label="Unassigned",
    )

    def filter_name(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        """Match a part of the name."""
        return rows.filter(pk__in=Organization.objects.matching(value))

    @property
    def is_active(self) -> bool:
        """Return whether any filter is set to a valid value."""
        self.form.is_valid()
        return any(self.form.cleaned_data.values())
