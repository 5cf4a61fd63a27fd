"""Owners in Django's admin: Total Expert users who can own contacts."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.http import urlencode

from integrations.directory.admin.installation import ByInstallationAdmin
from integrations.directory.models import Owner


@admin.register(Owner)
class OwnerAdmin(ByInstallationAdmin):
    """Owners as Total Expert last returned them, or as a contact names them."""

    list_display = ("name", "email", "username", "role_name", "is_active", "remote_id")
    ordering = ("remote_id",)
    sorts = ("remote_id",)
    search_fields = ("search",)
    search_help_text = "Part of a name, an email address or a user name."
    fieldsets = (
        (None, {"fields": ("first_name", "last_name", "email", "username", "role_name", "is_active")}),
        ("Total Expert", {"fields": ("remote_id", "external_id", "is_learned", "synced_at")}),
        ("Synced by", {"fields": ("installation_link",)}),
    )

    def title_of(self, row: Any) -> str:
        return str(row.display_name)

    def view_on_site(self, row: Owner) -> str:
        place = reverse("contacts", args=[row.installation.organization.slug])
        query = {"environment": row.installation.environment.name, "owner": str(row.pk)}
        return f"{place}?{urlencode(query)}"

    @admin.display(description="Name")
    def name(self, row: Owner) -> str:
        return row.display_name
