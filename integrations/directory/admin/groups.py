"""Contact groups in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from integrations.directory.admin.installation import ByInstallationAdmin
from integrations.directory.models import ContactGroup
from portal.core.admin import display
from portal.core.admin.filters import one_of

GONE = one_of(
    "gone",
    "no longer in Total Expert",
    [("yes", "Yes"), ("no", "No")],
    lambda rows, value: rows.filter(gone_at__isnull=value == "no"),
)


@admin.register(ContactGroup)
class ContactGroupAdmin(ByInstallationAdmin):
    """Groups of contacts. Several owners can have groups with the same name."""

    list_display = ("name", "owner_name", "user_editable", "synced_at", "remote_id")
    list_filter = (GONE,)
    ordering = ("name",)
    sorts = ("name",)
    search_fields = ("search",)
    search_help_text = "Part of a group's name."
    fieldsets = (
        (None, {"fields": ("name", "owner_link", "user_editable")}),
        ("Total Expert", {"fields": ("remote_id", "synced_at", "gone_at")}),
        ("Synced by", {"fields": ("installation_link",)}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("owner")

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def view_on_site(self, row: ContactGroup) -> str:
        place = reverse("contacts", args=[row.installation.organization.slug])
        return f"{place}?{urlencode({'environment': row.installation.environment.name, 'group': row.name})}"

    @admin.display(description="Owner")
    def owner_name(self, row: ContactGroup) -> str:
        return row.owner.display_name if row.owner else display.NOTHING

    @admin.display(description="Owner")
    def owner_link(self, row: ContactGroup) -> SafeString | str:
        return display.link(row.owner, self.owner_name(row))
