"""The list of groups, and the page of one group."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from integrations.connections.models import Connection, Installation
from integrations.connections.permissions import may_connect
from integrations.directory.browse import access, coverage, filters, groups, keyset, required
from integrations.directory.browse.groups import GroupList, GroupSelection, Line, NamedGroups
from integrations.directory.browse.selection import ORDERS, Selection
from integrations.directory.models import ContactGroup, RequiredGroup
from integrations.directory.sync import runs
from integrations.directory.views.sync import syncable
from portal.accounts.guard import current_user
from portal.audit.models import Entry
from portal.core import panels
from portal.core.pages import render, text_param
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

#: Contacts that a group's page shows. The contact list has all of them.
SHOWN_MEMBERS = 10
#: Entries of the audit log that a group's page shows, the latest ones.
SHOWN_ENTRIES = 10


@dataclass(frozen=True)
class Chip:
    """A filter in use, and the query string that removes it."""

    label: str
    query: str


def frame(request: HttpRequest, organization: Organization, *, tab: str) -> dict[str, Any]:
    """Return what the tabs of the Groups page share. ``installation`` is None if the person sees nothing synced."""
    user = current_user(request)
    installations = access.visible_installations(user, organization)
    environment = text_param(request.GET, "environment")
    installation = access.chosen_installation(installations, environment)
    return {
        "organization": organization,
        "installations": installations,
        "installation": installation,
        "own_environment": environment,
        "through": access.limiting_connections(user, installation) if installation else None,
        "tab": tab,
        "required_count": required.of(installation).count() if installation else 0,
        "may_manage": organization.allows(user, Capability.MANAGE),
        "may_connect": may_connect(request, organization),
    }


@organization_view(Capability.BROWSE)
def group_list(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Search, filter, sort and page through the groups of one installation, one line for each name."""
    context = frame(request, organization, tab="groups")
    installation, through = context["installation"], context["through"]
    if installation is None:
        return render(request, "directory/groups_none.html", context, title="Groups")
    selection = GroupSelection.read(request.GET)
    page = GroupList(installation, through).page(selection, request.GET)
    latest = runs.of(installation, through=through)
    context |= {
        "selection": selection,
        "page": page,
        "sort": selection.sort,
        "chips": _chips(selection, page.rows[0].name if page.rows else ""),
        "coverage": coverage.of(installation, through=through),
        "owners": filters.owner_options(Selection(owner=selection.owner), installation, through=through),
        "marks": groups.MARKS.items(),
        "syncing": latest if latest is not None and latest.is_active else None,
        "may_sync": syncable(request, installation).exists(),
        "action_panels": panels.draw("groups", request, installation, place="actions"),
        "name_panels": _name_panels(request, installation, selection, page.rows, through=through),
    }
    return render(request, "directory/groups.html", context, title="Groups")


def _name_panels(
    request: HttpRequest,
    installation: Installation,
    selection: GroupSelection,
    lines: Sequence[Line],
    *,
    through: list[Connection] | None,
) -> list[SafeString]:
    """Draw what people can do with all groups of the name that is open or listed."""
    name = selection.name or selection.open
    line = next((line for line in lines if name and line.key == name), None)
    if line is None:
        return []
    if groups.visible(installation, through=through).filter(search=name).count() < 2:
        return []
    named = NamedGroups(installation, name, line.name)
    return panels.draw("group-name", request, named, place="more")


def _chips(selection: GroupSelection, name: str) -> list[Chip]:
    """Return the filters in use that no control of the form shows."""
    if not selection.name:
        return []
    return [Chip(f"Name: {name or selection.name}", selection.query(name=""))]


@organization_view(Capability.BROWSE)
def group(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """Show one group: its owner, its first contacts, and what the audit log has about it."""
    user = current_user(request)
    row = get_object_or_404(
        ContactGroup.objects.filter(installation__organization=organization).select_related(
            "owner", "installation__environment", "installation__organization"
        ),
        pk=pk,
    )
    through = access.limiting_connections(user, row.installation)
    if through is not None and not ContactGroup.objects.filter(groups.shown_by(through), pk=pk).exists():
        raise Http404
    line = GroupList(row.installation, through).lines([row], limit=groups.COUNTED)[0]
    contacts = Selection(group_id=str(row.pk)).apply(
        access.visible_contacts(user, organization), row.installation
    )
    recorded = _recorded(row)
    members = keyset.page(contacts, ORDERS["name"], size=SHOWN_MEMBERS).rows
    context = {
        "organization": organization,
        "group": row,
        "environment": row.installation.environment,
        "line": line,
        "contacts": [(each, panels.draw("group-member", request, (row, each))) for each in members],
        "more_panels": panels.draw("group", request, row, place="more"),
        "contacts_query": _query(row.installation, group_id=row.pk),
        "same_name": _same_name(row, through).count(),
        "same_name_query": _query(row.installation, name=row.search),
        "required": recorded if recorded is not None and recorded.is_required else None,
        "entries": _history(row, recorded),
        "may_manage": organization.allows(user, Capability.MANAGE),
    }
    return render(request, "directory/group.html", context, title=row.name or f"Group {row.remote_id}")


def _query(installation: Installation, **values: str | int) -> str:
    return urlencode({"environment": installation.environment.name, **values})


def _same_name(row: ContactGroup, through: list[Any] | None) -> "QuerySet[ContactGroup]":
    """Return the other groups of the same name that the person may see."""
    found = groups.visible(row.installation, through=through).filter(search=row.search)
    return found.exclude(pk=row.pk) if row.search else found.none()


def _recorded(row: ContactGroup) -> RequiredGroup | None:
    """Return the record of the group's name as a required one, in whatever state it is."""
    rows = RequiredGroup.objects.filter(installation=row.installation_id, folded_name=row.search)
    return rows.select_related("recorded_by").first()


def _history(row: ContactGroup, recorded: RequiredGroup | None) -> "QuerySet[Entry]":
    """Return the latest entries of the audit log about the group, or about its name as a required one."""
    found = Entry.objects.filter(object_type="directory.contactgroup", object_id=str(row.pk))
    if recorded is not None:
        found |= Entry.objects.filter(object_type="directory.requiredgroup", object_id=str(recorded.pk))
    return found.select_related("actor").order_by("-pk")[:SHOWN_ENTRIES]
