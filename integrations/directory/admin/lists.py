"""Saved views and chosen columns of the contact list in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.directory.admin.installation import ByInstallationAdmin
from integrations.directory.browse import saved_views
from integrations.directory.models import ColumnChoice, SavedView
from portal.core.admin import display
from portal.core.admin.read_only import ReadOnlyAdmin


@admin.register(SavedView)
class SavedViewAdmin(ByInstallationAdmin):
    """Searches and filters of the contact list that people saved under a name."""

    list_display = ("name", "user_link", "is_shared", "is_pinned", "created_at")
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("name", "user_link", "is_shared", "is_pinned", "created_at")}),
        ("List", {"fields": ("query", "columns")}),
        ("Saved for", {"fields": ("installation_link",)}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("user")

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def view_on_site(self, row: SavedView) -> str:
        place = reverse("contacts", args=[row.installation.organization.slug])
        return f"{place}?{saved_views.address_query(row, row.installation.environment.name)}"

    @admin.display(description="User")
    def user_link(self, row: SavedView) -> SafeString | str:
        return display.link(row.user, row.user.display_name)


@admin.register(ColumnChoice)
class ColumnChoiceAdmin(ReadOnlyAdmin):
    """The columns that people chose for their contact list."""

    list_display = ("user_name", "columns")
    list_select_related = ("user",)
    ordering = ("-id",)
    fieldsets = ((None, {"fields": ("user_link", "columns")}),)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("user")

    @admin.display(description="User")
    def user_name(self, row: ColumnChoice) -> str:
        return row.user.display_name

    @admin.display(description="User")
    def user_link(self, row: ColumnChoice) -> SafeString | str:
        return display.link(row.user, row.user.display_name)
