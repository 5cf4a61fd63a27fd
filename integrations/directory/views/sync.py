"""Starting syncs and showing their progress."""

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.shortcuts import render as render_fragment
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.connections.limits import kill_switch
from integrations.connections.models import Connection, Installation
from integrations.directory.browse import access
from integrations.directory.models import Contact
from integrations.directory.sync import jobs, runs
from integrations.jobs.models import ACTIVE, Job
from portal.accounts import rate_limits
from portal.accounts.guard import current_user
from portal.core.errors import Refused
from portal.core.parameters import read_id
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.views.guard import organization_view


def _allowed(request: HttpRequest, installation: Installation) -> "QuerySet[Connection]":
    """Return the working connections that this person may sync: all for managers, otherwise their own."""
    working = Connection.objects.working().filter(installation=installation).select_related("installation")
    if installation.organization.allows(current_user(request), Capability.MANAGE):
        return working
    return working.filter(user=current_user(request))


def syncable(request: HttpRequest, installation: Installation) -> "QuerySet[Connection]":
    """Return the connections that this person may sync, that are verified, and that have no active sync."""
    active = Job.objects.filter(connection=OuterRef("pk"), kind=jobs.KIND, state__in=ACTIVE)
    return _allowed(request, installation).filter(admitted_at__isnull=False).exclude(Exists(active))


@organization_view(Capability.BROWSE)
def sync_progress(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Show the progress of an installation's sync. The fragment polls until the sync has finished."""
    installation = access.visible_installation(current_user(request), organization, environment)
    through = access.limiting_connections(current_user(request), installation)
    latest = runs.of(installation, through=through)
    syncing = latest if latest is not None and latest.is_active else None
    context = {
        "organization": organization,
        "installation": installation,
        "contact": _contact(request.GET, request, installation),
        "syncing": syncing,
        "ended": latest if syncing is None else None,
    }
    return render_fragment(request, "directory/sync_progress.html", context)


def _contact(data: QueryDict, request: HttpRequest, installation: Installation) -> Contact | None:
    """Return the contact that ``data`` names, if the person may see it."""
    named = read_id(data.get("contact", ""))
    if named is None:
        return None
    visible = access.visible_contacts(current_user(request), installation.organization)
    return visible.filter(installation=installation, pk=named).first()


@require_POST
@organization_view(Capability.BROWSE)
def sync_now(request: HttpRequest, organization: Organization, environment: str) -> HttpResponse:
    """Sync the connections of an installation that this person may sync.

    ``connection`` limits it to one of them, ``contact`` to those that see a contact, whose page is shown next.
    """
    installation = access.visible_installation(current_user(request), organization, environment)
    named, contact = request.POST.get("connection", ""), _contact(request.POST, request, installation)
    rows = _allowed(request, installation)
    if contact is not None:
        rows = rows.filter(visibilities__contact=contact)
    connections = [row for row in rows if named in ("", str(row.pk))]
    if not connections:
        raise Http404
    back = redirect(f"{reverse('contacts', args=[organization.slug])}?environment={environment}")
    if contact is not None:
        back = redirect("contact", slug=organization.slug, pk=contact.pk)
    try:
        rate_limits.spend(request, "sync")
    except Refused as refused:
        messages.error(request, str(refused))
        return back
    full = request.POST.get("full") == "yes"
    verified = [row for row in connections if row.admitted_at is not None]
    for connection in verified:
        jobs.request_sync(connection=connection, actor=current_user(request), full=full)
    if verified and kill_switch.get_active():
        messages.info(request, "The sync starts when calls to Total Expert resume.")
    elif verified:
        messages.success(request, "The sync has started. Changes appear here as they arrive.")
    else:
        messages.error(request, "No connection here has been verified yet. Test one before you sync.")
    return back
