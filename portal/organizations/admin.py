"""The audit record as a table, and the sign-in library's tables taken off the site."""

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest

from portal.audit.models import Entry
from portal.organizations.models import Organization
from portal.organizations.scoped import ReadOnlyTable

# An address is proven by an invitation or a mail, not by an operator's tick; a session's key opens the session.
for model in (EmailAddress, UserSession):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


@admin.register(Entry)
class EntryTable(ReadOnlyTable):
    """Who did what, when. It stands here because the record itself knows neither people nor organizations."""

    list_display = ("at", "who", "action", "where", "what")
    list_filter = ("action",)
    list_select_related = ("actor",)
    list_per_page = 50
    date_hierarchy = "at"
    fields = ("at", "who", "action", "where", "object_type", "object_id", "detail")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        names = Organization.objects.filter(pk=OuterRef("organization_id")).values("name")
        rows: QuerySet[Entry] = super().get_queryset(request)
        return rows.annotate(organization_name=Subquery(names))

    @admin.display(description="Who", ordering="actor")
    def who(self, entry: Entry) -> str:
        if entry.actor_id is None:
            return "The portal"
        return (
            entry.actor.display_name if entry.actor is not None else f"Somebody who left ({entry.actor_id})"
        )

    @admin.display(description="Organization")
    def where(self, entry: Entry) -> str:
        return getattr(entry, "organization_name", None) or "–"

    @admin.display(description="What")
    def what(self, entry: Entry) -> str:
        return f"{entry.object_type.rpartition('.')[2]} {entry.object_id}".strip()
