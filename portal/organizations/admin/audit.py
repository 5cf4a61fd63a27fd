"""The audit log in Django's admin. It is here, like its page, because it shows the names of organizations."""

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from portal.audit import actions
from portal.audit.models import Entry
from portal.core.admin import display
from portal.core.admin.filters import SelectFilter, one_of
from portal.organizations.admin.search import FindsByOrganization
from portal.organizations.models import Organization


@admin.register(Entry)
class EntryAdmin(FindsByOrganization):
    """Who did what, and when. Append-only."""

    list_display = ("label", "who", "organization_link", "subject", "at")
    list_select_related = ("actor",)
    list_filter = (one_of("action", "action", actions.choices, kind=SelectFilter),)
    ordering = ("-id",)
    organization_path = "organization_id"
    search_help_text = "Part of an organization's name, or the id of the object."
    narrowed_by = {"organizations.organization": "organization_id", "accounts.user": "actor"}
    fields = ("label", "code", "who", "organization_link", "subject", "details", "at")

    def also_found(self, text: str) -> Q:
        return Q(object_id=text)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        names = Organization.objects.filter(pk=OuterRef("organization_id")).values("name")
        rows: QuerySet[Any] = super().get_queryset(request).select_related("actor")
        named: QuerySet[Any] = rows.annotate(organization_name=Subquery(names))
        return named

    def title_of(self, row: Any) -> str:
        return str(row.label)

    def view_on_site(self, row: Entry) -> str:
        return reverse("audit_log")

    @admin.display(description="Action")
    def label(self, row: Entry) -> str:
        return row.label

    @admin.display(description="Code")
    def code(self, row: Entry) -> str:
        return row.action

    @admin.display(description="User")
    def who(self, row: Entry) -> SafeString | str:
        if row.actor is not None:
            return display.link(row.actor, row.actor.display_name)
        return "Portal" if row.actor_id is None else f"Deleted user ({row.actor_id})"

    @admin.display(description="Organization")
    def organization_link(self, row: Any) -> SafeString | str:
        if row.organization_name is None:
            return display.NOTHING
        return display.link(Organization(pk=row.organization_id), row.organization_name)

    @admin.display(description="Object")
    def subject(self, row: Entry) -> str:
        return f"{row.object_word} {row.object_id}".strip() or display.NOTHING

    @admin.display(description="Details")
    def details(self, row: Entry) -> SafeString | str:
        return format_html_join("", "<div>{}: {}</div>", row.details) or display.NOTHING
