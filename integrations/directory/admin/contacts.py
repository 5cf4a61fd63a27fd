"""Contacts in Django's admin: the search, filters and pages of the Contacts page of the portal."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.safestring import SafeString

from integrations.connections.permissions import connection_title
from integrations.directory.admin import contact_actions
from integrations.directory.admin.installation import ENVIRONMENT, ByInstallationAdmin, chosen
from integrations.directory.browse import filters, keyset
from integrations.directory.browse.chosen import Chosen
from integrations.directory.browse.selection import FLAG_FILTERS, Order, Selection
from integrations.directory.models import Contact, ContactGroup, Membership, Visibility
from portal.core.admin import display
from portal.core.admin.filters import SelectFilter
from portal.core.admin.paging import KeysetChangeList, Page

#: The most groups and connections that a contact's page names.
SHOWN = 50
ONE_INSTALLATION = "Select contacts of one organization in one environment. Nothing was changed."
#: The parameters of an address that `Selection` reads and the admin doesn't.
SELECTED = {each.name for each in fields(Selection)} - {ENVIRONMENT, "sort", "size", "q"}


class SelectionFilter(SimpleListFilter):
    """A filter of a `Selection`. It only draws the choices. `ContactChangeList` applies all filters together."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(each.value, each.label) for each in offered(request, str(self.parameter_name))]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[Any]":
        return queryset


class SelectionSelect(SelectFilter, SelectionFilter):
    """The same filter as a select, for many choices."""


def offered(request: HttpRequest, name: str) -> list[filters.Choice]:
    """Return the choices of a filter. Reads them once a request."""
    if not hasattr(request, "admin_choices"):
        installation = chosen(request)
        assert installation is not None
        visible = Contact.objects.filter(installation=installation)
        selection = Selection.read(request.GET)
        found = filters.of(selection, visible, installation, through=None)
        most: dict[str, Any] = {"through": None, "limit": filters.MOST}
        flags = {each["name"]: each["choices"] for each in found["flags"]}
        request.admin_choices = {  # type: ignore[attr-defined]
            "owner": filters.owner_options(selection, installation, **most).choices,
            "group": filters.group_options(selection, installation, **most).choices,
            "state": found["states"],
            "source": found["sources"],
            "missing": filters.missing_choices(selection, installation),
            "gone": [filters.Choice("yes", "Yes", False)],
            **flags,
        }
    choices: dict[str, list[filters.Choice]] = request.admin_choices  # type: ignore[attr-defined]
    return choices[name]


def _filter(name: str, label: str, kind: type[SelectionFilter]) -> type[SelectionFilter]:
    return type(f"{name.title()}Filter", (kind,), {"parameter_name": name, "title": label})


class ContactChangeList(KeysetChangeList):
    """The contacts of an installation that match a `Selection`, on the same pages as in the portal's own list."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "QuerySet[Any]":
        super().get_queryset(request, exclude_parameters)  # reads the filters and the order
        installation = chosen(request)
        assert installation is not None
        return Selection.read(request.GET).apply(Contact.objects.all(), installation)

    def read_page(self, request: HttpRequest, *, after: str = "", before: str = "") -> Page:
        order = Order("", self.column.lstrip("-"), descending=self.column.startswith("-"))
        found = keyset.page(self.queryset, order, after=after, before=before)
        return Page(found.rows, after=found.after, before=found.before)


@admin.register(Contact)
class ContactAdmin(ByInstallationAdmin):
    """Contacts as Total Expert last returned them."""

    list_display = ("name", "owner_name", "email", "phone", "city_name", "state", "updated")
    list_filter = (
        _filter("owner", "owner", SelectionSelect),
        _filter("group", "group", SelectionSelect),
        _filter("state", "state", SelectionSelect),
        _filter("source", "source", SelectionSelect),
        *(_filter(name, filters.FLAG_LABELS[name], SelectionFilter) for name in FLAG_FILTERS),
        _filter("missing", "missing a required group", SelectionFilter),
        _filter("gone", "no longer in Total Expert", SelectionFilter),
    )
    list_per_page = keyset.PAGE
    ordering = ("sort_name",)
    sorts = ("sort_name", "sort_city", "remote_updated_at")
    search_fields = ("search",)
    search_help_text = "A name, an email address or a phone number. Enter at least 3 characters."
    narrowed_by: ClassVar[Mapping[str, str]] = {
        **ByInstallationAdmin.narrowed_by,
        "directory.owner": "owner",
        "directory.contactgroup": "memberships__group",
    }
    fieldsets = (
        (None, {"fields": ("first_name", "last_name", "email", "email_work")}),
        ("Phone and address", {"fields": ("phone_cell", "phone_home", "phone_office", "city", "state")}),
        ("Consent", {"fields": ("ok_to_call", "ok_to_email", "ok_to_mail", "is_silenced")}),
        (
            "Total Expert",
            {"fields": ("remote_id", "external_id", "source", "owner_link", "groups", "archived")},
        ),
        ("Times", {"fields": ("created", "updated", "first_seen_at", "synced_at", "gone_at")}),
        ("Synced by", {"fields": ("installation_link", "connections")}),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return ContactChangeList

    def get_actions(self, request: HttpRequest) -> Any:
        """Return the choices of the action menu. `response_action` runs them."""
        return {each.name: (None, each.name, each.label) for each in contact_actions.offered()}

    def response_action(  # type: ignore[override]  # an export is streamed
        self, request: HttpRequest, queryset: "QuerySet[Any]", *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        """Run what was chosen in the menu on the contacts that are selected, or on all that match the filters."""
        name = next(filter(None, request.POST.getlist("action")), "")
        action = next((each for each in contact_actions.offered() if each.name == name), None)
        installation = chosen(request)
        if action is None or installation is None:
            messages.warning(request, "Choose an action first.")
            return None
        selection = Selection.read(request.GET)
        if request.POST.get("select_across") == "1":
            return action.run(request, installation, Chosen(selection, None))
        keys = tuple(self._keys(request))
        picked = Contact.objects.filter(pk__in=keys)
        if not keys or picked.exclude(installation=installation).exists():
            messages.error(request, ONE_INSTALLATION if keys else "Select at least one contact.")
            return None
        return action.run(request, installation, Chosen(selection, keys))

    def get_search_results(
        self, request: HttpRequest, queryset: "QuerySet[Any]", search_term: str
    ) -> tuple["QuerySet[Any]", bool]:
        return queryset, False  # `Selection` searches

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        return super().get_queryset(request).select_related("owner").defer(*keyset.NOT_SHOWN)

    def parameters(self, request: HttpRequest) -> set[str]:
        return super().parameters(request) | SELECTED

    def extra_parameters(self, label: str, row: Any) -> dict[str, Any]:
        return {"group": row.name} if isinstance(row, ContactGroup) else {"owner": row.pk}

    def title_of(self, row: Any) -> str:
        return str(row.display_name)

    def view_on_site(self, row: Contact) -> str:
        return reverse("contact", args=[row.installation.organization.slug, row.pk])

    @admin.display(description="Name", ordering="sort_name")
    def name(self, row: Contact) -> str:
        return row.display_name

    @admin.display(description="Owner")
    def owner_name(self, row: Contact) -> str:
        return row.owner.display_name if row.owner else display.NOTHING

    @admin.display(description="Owner")
    def owner_link(self, row: Contact) -> SafeString | str:
        return display.link(row.owner, self.owner_name(row))

    @admin.display(description="City", ordering="sort_city")
    def city_name(self, row: Contact) -> str:
        return row.city

    @admin.display(description="Updated", ordering="remote_updated_at")
    def updated(self, row: Contact) -> str:
        return display.time(row.updated_at)

    @admin.display(description="Created")
    def created(self, row: Contact) -> str:
        return display.time(row.created_at)

    @admin.display(description="Groups")
    def groups(self, row: Contact) -> SafeString | str:
        ids = Membership.objects.filter(contact=row).values("group")
        found = ContactGroup.objects.filter(pk__in=ids, gone_at=None).order_by("name", "pk")[:SHOWN]
        return display.lines(display.link(each, each.name) for each in found)

    @admin.display(description="Connections")
    def connections(self, row: Contact) -> SafeString | str:
        found = Visibility.objects.filter(contact=row).select_related(
            "connection__user", "connection__installation__environment"
        )
        return display.lines(
            display.link(each.connection, connection_title(each.connection))
            for each in found.order_by("-seen_at")[:SHOWN]
        )
