"""Members of organizations in Django's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.safestring import SafeString

from portal.audit.history import AuditedAdmin
from portal.core import email_addresses
from portal.core.admin import display
from portal.core.admin.filters import one_of
from portal.organizations.admin.search import FindsByOrganization
from portal.organizations.models import Membership
from portal.organizations.roles import MEMBER_ROLES

ROLES = one_of("role", "role", [(role.value, str(role.label)) for role in MEMBER_ROLES])


@admin.register(Membership)
class MembershipAdmin(FindsByOrganization, AuditedAdmin):
    """Members and their roles."""

    list_display = ("person", "organization_link", "role", "created_at")
    list_select_related = ("user", "organization")
    list_filter = (ROLES,)
    ordering = ("-id",)
    search_help_text = "Part of an organization's name, or an email address."
    narrowed_by = {"organizations.organization": "organization", "accounts.user": "user"}
    fields = ("user_link", "organization_link", "role", "created_at")

    def also_found(self, text: str) -> Q:
        return Q(user__email__iexact=email_addresses.typed(text))

    def title_of(self, row: Any) -> str:
        return f"{row.user.display_name}, {row.get_role_display()} at {row.organization.name}"

    def view_on_site(self, row: Membership) -> str:
        return reverse("members", args=[row.organization.slug])

    @admin.display(description="Person")
    def person(self, row: Membership) -> str:
        return row.user.display_name

    @admin.display(description="User")
    def user_link(self, row: Membership) -> SafeString | str:
        return display.link(row.user, row.user.display_name)

    @admin.display(description="Organization")
    def organization_link(self, row: Membership) -> SafeString | str:
        return display.link(row.organization, row.organization.name)
