"""Environments and installations in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections.models import Environment, Installation
from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.organizations.admin.search import FindsByOrganization


@admin.register(Environment)
class EnvironmentAdmin(AuditedAdmin):
    """Where Total Expert's API is, and how much of it may be used."""

    list_display = ("label", "name", "base_url", "is_production", "calls_per_minute", "tokens_per_hour")
    ordering = ("name",)
    sorts = ("name",)
    fieldsets = (
        (None, {"fields": ("label", "name", "is_production")}),
        ("API", {"fields": ("base_url", "authorize_url", "web_url", "token_body", "pkce", "application")}),
        ("Limits", {"fields": ("calls_per_minute", "tokens_per_hour")}),
    )

    def title_of(self, row: Any) -> str:
        return str(row.label)

    def neutral_title_of(self, row: Any) -> str:
        return str(row.label)

    def view_on_site(self, row: Environment) -> str:
        return reverse("environment", args=[row.name])

    @admin.display(description="Application credentials")
    def application(self, row: Environment) -> str:
        return "Stored" if hasattr(row, "application") else "None"


@admin.register(Installation)
class InstallationAdmin(FindsByOrganization, AuditedAdmin):
    """One organization in one environment."""

    list_display = ("organization_name", "environment_label", "created_at")
    ordering = ("-created_at",)
    narrowed_by = {
        "organizations.organization": "organization",
        "connections.environment": "environment",
    }
    fields = ("organization_link", "environment_link", "created_at")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("organization", "environment")

    def title_of(self, row: Any) -> str:
        return f"{row.organization.name}, {row.environment.label}"

    def neutral_title_of(self, row: Any) -> str:
        return self.title_of(row)

    def view_on_site(self, row: Installation) -> str:
        return reverse("organization", args=[row.organization.slug])

    @admin.display(description="Organization")
    def organization_name(self, row: Installation) -> str:
        return row.organization.name

    @admin.display(description="Environment")
    def environment_label(self, row: Installation) -> str:
        return row.environment.label

    @admin.display(description="Organization")
    def organization_link(self, row: Installation) -> SafeString | str:
        return display.link(row.organization, row.organization.name)

    @admin.display(description="Environment")
    def environment_link(self, row: Installation) -> SafeString | str:
        return display.link(row.environment, row.environment.label)
