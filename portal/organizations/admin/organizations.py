"""Organizations in Django's admin."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.safestring import SafeString

from portal.audit.history import AuditedAdmin
from portal.core.admin import display
from portal.organizations.models import Organization


@admin.register(Organization)
class OrganizationAdmin(AuditedAdmin):
    """The partner's customers."""

    list_display = ("name", "slug", "account_owner", "created_at")
    list_select_related = ("account_owner",)
    ordering = ("name",)
    sorts = ("name",)
    search_fields = ("search",)
    search_help_text = "Part of a name."
    fields = ("name", "slug", "account_owner", "created_at")

    def title_of(self, row: Any) -> str:
        return str(row.name)

    def neutral_title_of(self, row: Any) -> str:
        return str(row.name)

    def view_on_site(self, row: Organization) -> str:
        return reverse("organization", args=[row.slug])

    @admin.display(description="Account owner")
    def account_owner(self, row: Organization) -> SafeString | str:
        return display.link(row.account_owner, getattr(row.account_owner, "display_name", ""))
