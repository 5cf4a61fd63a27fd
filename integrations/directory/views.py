"""Screens of the directory: the contacts, one contact, and the button that syncs now."""

from typing import Any

from django.contrib import messages
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.shortcuts import render as render_fragment
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections.limits import kill_switch
from integrations.connections.models import Connection, Installation
from integrations.connections.permissions import connection_title
from integrations.directory.browse import coverage, filters, keyset, profile
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact, ContactGroup, ContactQuerySet, Membership, Visibility
from integrations.directory.sync import jobs, runs
from integrations.jobs.models import ACTIVE, Job
from portal.accounts.guard import current_user
from portal.core import panels
from portal.core.pages import render
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view

TABS = {"profile": "Profile", "groups": "Groups", "seen": "Where seen"}


def visible_contacts(request: HttpRequest, organization: Organization) -> ContactQuerySet:
    """The organization's contacts that this person may see; an officer: those of their own sync_state."""
    return Contact.objects.all().visible_to(current_user(request), organization)


def visible_installations(request: HttpRequest, organization: Organization) -> list[Installation]:
    """The installations whose contacts this person may see, production first."""
    rows = Installation.objects.filter(organization=organization).select_related("environment")
    if not organization.allows(current_user(request), Capability.OVERVIEW):
        rows = rows.filter(connections__user=current_user(request)).distinct()
    return sorted(rows, key=lambda row: (not row.environment.is_production, row.created_at))


@organization_view(Capability.BROWSE)
def contacts(request: HttpRequest, organization: Organization) -> HttpResponse:
    """Search, filter and page through the contacts of one installation."""
    selection = Selection.read(request.GET)
    installations = visible_installations(request, organization)
    installation = _chosen(installations, selection)
    context: dict[str, Any] = {
        "organization": organization,
        "selection": selection,
        "installation": installation,
    }
    if installation is None:
        return render(request, "directory/contacts_none.html", context, title="Contacts")
    context |= _results(request, organization, installation, selection)
    if request.headers.get("HX-Request"):
        answer = render_fragment(request, "directory/contacts_results.html", context)
        query = selection.query()
        answer["HX-Push-Url"] = request.path + (f"?{query}" if query else "")
        return answer
    visible = visible_contacts(request, organization).filter(installation=installation)
    syncing = runs.of(installation, through=context["through"])
    context |= {
        "installations": installations,
        "choices": filters.of(selection, visible, installation, is_whole=context["through"] is None),
        "coverage": coverage.of(installation, through=context["through"]),
        "syncing": syncing if syncing is not None and syncing.is_active else None,
        "may_sync": _startable(request, installation).exists(),
    }
    return render(request, "directory/contacts.html", context, title="Contacts")


def _chosen(installations: list[Installation], selection: Selection) -> Installation | None:
    named = (row for row in installations if row.environment.name == selection.environment)
    return next(named, installations[0] if installations else None)


def _results(
    request: HttpRequest, organization: Organization, installation: Installation, selection: Selection
) -> dict[str, Any]:
    visible = visible_contacts(request, organization).filter(installation=installation)
    found = selection.apply(visible, installation)
    page = keyset.page(
        found,
        selection.order,
        after=request.GET.get("after", "")[:600],
        before=request.GET.get("before", "")[:600],
    )
    return {
        "through": coverage.eyes_of(current_user(request), installation),
        "page": page,
        "found": keyset.count(found) if selection.is_narrow else None,
        "chips": filters.chips(selection, visible),
        "query": selection.query(),
        "own_environment": selection.environment,
    }


def _may_sync(request: HttpRequest, installation: Installation) -> "QuerySet[Connection]":
    """The connections that this person may have synced: managers any that works, everybody else their own."""
    working = Connection.objects.working().filter(installation=installation).select_related("installation")
    if installation.organization.allows(current_user(request), Capability.MANAGE):
        return working
    return working.filter(user=current_user(request))


def _startable(request: HttpRequest, installation: Installation) -> "QuerySet[Connection]":
    """Those of them that may be mirrored and have no pass under way."""
    active = Job.objects.filter(connection=OuterRef("pk"), kind=jobs.KIND, state__in=ACTIVE)
    return _may_sync(request, installation).filter(admitted_at__isnull=False).exclude(Exists(active))


@organization_view(Capability.BROWSE)
def sync_progress(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """How far the sync of an installation is; asks again by itself until it is over."""
    installation = _visible(request, organization, environment)
    latest = runs.of(installation, through=coverage.eyes_of(current_user(request), installation))
    syncing = latest if latest is not None and latest.is_active else None
    context = {
        "organization": organization,
        "installation": installation,
        "syncing": syncing,
        "ended": latest if syncing is None else None,
    }
    return render_fragment(request, "directory/sync_progress.html", context)


def _visible(request: HttpRequest, organization: Organization, environment: str) -> Installation:
    for installation in visible_installations(request, organization):
        if installation.environment.name == environment:
            return installation
    raise Http404


@require_POST
@organization_view(Capability.BROWSE)
def sync_now(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Start a pass of each connection of an installation that this person may sync, or of the one that is named."""
    installation = _visible(request, organization, environment)
    named = request.POST.get("connection", "")
    connections = [row for row in _may_sync(request, installation) if named in ("", str(row.pk))]
    if not connections:
        raise Http404
    full = request.POST.get("full") == "yes"
    admitted = [row for row in connections if row.admitted_at is not None]
    for connection in admitted:
        jobs.request_sync(connection=connection, actor=current_user(request), full=full)
    if admitted and kill_switch.get_active():
        messages.info(request, "The sync begins when calls to Total Expert are released.")
    elif admitted:
        messages.success(request, "The sync has started. What it finds appears here as it comes.")
    else:
        messages.error(request, "Nothing was started: no connection here was verified yet. Test it first.")
    return redirect(f"{reverse('contacts', args=[organization.slug])}?environment={environment}")


@organization_view(Capability.BROWSE)
def contact(request: HttpRequest, organization: Organization, pk: int) -> HttpResponse:
    """One contact: who, whose, what may be done, groups, and which connections see it."""
    visible = visible_contacts(request, organization).select_related(
        "owner", "installation__environment", "document"
    )
    row = get_object_or_404(visible, pk=pk)
    tab = request.GET.get("tab", "")
    context = {
        "organization": organization,
        "contact": row,
        "flags": profile.flags(row),
        "tab": tab if tab in TABS else "profile",
        "tabs": TABS,
        "sections": profile.sections(row.document.raw),
        "groups": _groups(row),
        "visibilities": _visibilities(request, organization, row),
        "panels": panels.draw("contact", request, row),
    }
    return render(request, "directory/contact.html", context, title=row.display_name)


def _groups(row: Contact) -> QuerySet[ContactGroup]:
    ids = Membership.objects.filter(contact=row).values("group")
    return ContactGroup.objects.filter(pk__in=ids, gone_at=None).annotate(members=Count("memberships"))


def _visibilities(request: HttpRequest, organization: Organization, row: Contact) -> list[dict[str, Any]]:
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
