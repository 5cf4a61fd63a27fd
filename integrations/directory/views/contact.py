"""The page of a contact: profile, groups and all fields, each on a tab with its own address."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.shortcuts import render as render_fragment
from django.urls import reverse

from integrations.connections.models import Connection
from integrations.connections.permissions import connection_title
from integrations.directory.browse import access, contact_actions, keyset, profile
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact, ContactGroup, Membership, Visibility
from integrations.directory.sync import runs
from integrations.directory.views.sync import syncable
from portal.accounts.guard import current_user
from portal.core import panels
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: The tabs, by their name in the address.
TABS = {"": "Profile", "groups": "Groups", "fields": "All fields"}
#: Groups that the profile shows. The Groups tab has all of them.
SHOWN_GROUPS = 12


@organization_view(Capability.BROWSE)
def contact(request: HttpRequest, organization: Organization, pk: int, tab: str = "") -> HttpResponse:
    """Show a tab of a contact, as Total Expert last returned it."""
    if tab not in TABS:
        raise Http404
    visible = access.visible_contacts(current_user(request), organization)
    row = get_object_or_404(
        visible.select_related(
            "owner", "installation__environment", "installation__organization", "document"
        ),
        pk=pk,
    )
    raw = access.visible_record(current_user(request), row)
    groups = _groups(row) if raw is row.document.raw or "contact_groups" in raw else []
    actions = contact_actions.offered(current_user(request), row)
    context: dict[str, Any] = {
        "organization": organization,
        "installation": row.installation,
        "contact": row,
        "environment": row.installation.environment,
        "web_link": row.installation.environment.web_link(row.remote_id),
        "main_actions": [action for action in actions if action.is_primary],
        "more_actions": [action for action in actions if not action.is_primary],
        "tab": tab,
        "tabs": _tabs(organization, row, groups),
        "groups": groups,
        "connections": _connections(request, organization, row),
        "may_sync": syncable(request, row.installation).filter(visibilities__contact=row).exists(),
        "syncing": _syncing(request, row),
    }
    if tab == "":
        context |= _profile(request, row, raw, groups)
    elif tab == "groups":
        through = access.limiting_connections(current_user(request), row.installation)
        context["group_members"] = _count_members(groups, through)
    else:
        context["sections"] = profile.sections(raw)
    return render(request, f"directory/contact_{tab or 'profile'}.html", context, title=row.display_name)


@organization_view(Capability.BROWSE)
def neighbors(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Return links to the contacts before and after one in the list that the query describes."""
    visible = access.visible_contacts(current_user(request), organization)
    row = get_object_or_404(visible.select_related("installation"), pk=pk)
    selection = Selection.read(request.GET)
    found = selection.apply(visible, row.installation)
    before, after = None, None
    if found.filter(pk=row.pk).exists():
        before, after = keyset.neighbors(found, selection.order, row)
    context = {"organization": organization, "before": before, "after": after}
    return render_fragment(request, "directory/contact_neighbors.html", context)


def _syncing(request: HttpRequest, row: Contact) -> runs.SyncRun | None:
    """Return the sync that is in progress, as far as this person may know."""
    through = access.limiting_connections(current_user(request), row.installation)
    latest = runs.of(row.installation, through=through)
    return latest if latest is not None and latest.is_active else None


def _tabs(
    organization: Organization, row: Contact, groups: Sequence[ContactGroup]
) -> list[tuple[str, str, str, int | None]]:
    """Return name, label, address and count of each tab."""
    return [
        (
            name,
            label,
            reverse("contact_tab", args=[organization.slug, row.pk, name])
            if name
            else reverse("contact", args=[organization.slug, row.pk]),
            len(groups) if name == "groups" else None,
        )
        for name, label in TABS.items()
        if groups or name != "groups"
    ]


def _profile(
    request: HttpRequest, row: Contact, raw: dict[str, Any], groups: Sequence[ContactGroup]
) -> dict[str, Any]:
    return {
        "phones": profile.phones(row),
        "emails": profile.emails(row),
        "address": profile.address(raw),
        "flags": profile.flags(row),
        "shown_groups": groups[:SHOWN_GROUPS],
        "more_groups": max(0, len(groups) - SHOWN_GROUPS),
        "main_panels": panels.draw("contact", request, row, place="main"),
        "aside_panels": panels.draw("contact", request, row, place="aside"),
    }


def _groups(row: Contact) -> list[ContactGroup]:
    ids = Membership.objects.filter(contact=row).values("group")
    return list(ContactGroup.objects.filter(pk__in=ids, gone_at=None))


def _count_members(
    groups: Sequence[ContactGroup], through: list[Connection] | None
) -> list[tuple[ContactGroup, int]]:
    """Return the groups, each with the number of its contacts that the person may see: those ``through`` see, or all."""
    memberships = Membership.objects.filter(group__in=groups, contact__gone_at=None).order_by()
    if through is not None:
        seen = Visibility.objects.filter(connection__in=through)
        memberships = memberships.filter(contact__in=seen.values("contact"))
    counts = dict(memberships.values_list("group").annotate(Count("pk")))
    return [(group, counts.get(group.pk, 0)) for group in groups]


def _connections(request: HttpRequest, organization: Organization, row: Contact) -> list[dict[str, Any]]:
    """Return the connections that see the contact, as far as this person may know them."""
    visibilities = Visibility.objects.filter(contact=row).select_related(
        "connection__user", "connection__installation__environment"
    )
    if not organization.allows(current_user(request), Capability.OVERVIEW):
        visibilities = visibilities.filter(connection__user=current_user(request))
    return [
        {
            "title": connection_title(visibility.connection),
            "connection": visibility.connection,
            "seen_at": visibility.seen_at,
        }
        for visibility in visibilities.order_by("-seen_at")
    ]
