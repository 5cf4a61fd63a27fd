"""What the directory shows on Home, Organization and Connection: what is mirrored, and how fresh it is."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.core.cache import caches
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState, Installation
from integrations.connections.permissions import connection_title, may_manage
from integrations.directory.browse import coverage
from integrations.directory.models import Contact, Owner, SyncState, Visibility
from integrations.directory.sync import jobs, runs
from integrations.jobs.models import ACTIVE, Job
from portal.accounts.guard import current_user
from portal.core import panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: Owners that the Organization screen lists; more are counted.
LISTED = 25
#: Installations that Home lists.
LATEST = 10


#: Seconds for which Home may show what it has counted before; a pass that begins or ends is seen at once.
COUNTED_FOR = 30


@panels.register("home", name="directory", template="directory/home_panel.html", order=30)
def freshness(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """How many contacts are mirrored of what the person may see, and how fresh they are: the least fresh first."""
    organizations = Organization.objects.visible_to(request.user)
    synced = Max("connections__sync_state__finished_at")
    rows = Installation.objects.filter(organization__in=organizations, connections__sync_state__isnull=False)
    ordered = rows.annotate(synced=synced).order_by(F("synced").asc(nulls_first=True), "created_at")
    shown = list(ordered.select_related("organization", "environment")[:LATEST])
    if not shown:
        return None
    key = _key(request, organizations)
    counts = caches["memory"].get(key)
    if counts is None:
        counts = _count(request, organizations, shown)
        caches["memory"].set(key, counts, COUNTED_FOR)
    covered, total = counts
    listed = [{"installation": row, "coverage": covered[row.pk]} for row in shown if row.pk in covered]
    if not listed:
        return None
    return {"rows": listed, "more": max(0, ordered.count() - LATEST), "total": total}


def _key(request: HttpRequest, organizations: "QuerySet[Organization]") -> str:
    """What the counts depend on but single contacts: who looks, at what, and how connections and their passes stand."""
    sync_states = SyncState.objects.filter(
        connection__installation__organization__in=organizations
    ).aggregate(
        number=Count("pk"),
        contacts=Sum("contacts"),
        passes=Sum("passes"),
        ended=Max("finished_at"),
        since=Max("connection__since"),
        working=Count("pk", filter=Q(connection__state=ConnectionState.ACTIVE)),
    )
    whole = Organization.objects.allowing(request.user, Capability.OVERVIEW)
    values = [current_user(request).pk, organizations.count(), whole.count(), *sync_states.values()]
    return "directory.home:" + hashlib.sha256(repr(values).encode()).hexdigest()


def _count(
    request: HttpRequest, organizations: "QuerySet[Organization]", shown: Sequence[Installation]
) -> tuple[dict[Any, coverage.Coverage], int]:
    """The coverage of each installation that this person sees some of, by its key, and all their contacts."""
    covered = {}
    for installation in shown:
        through = coverage.eyes_of(current_user(request), installation)
        if through != []:
            covered[installation.pk] = coverage.of(installation, through=through)
    return covered, _total(request, organizations)


def _total(request: HttpRequest, organizations: "QuerySet[Organization]") -> int:
    """The contacts that this person may see, of all these organizations."""
    whole = Organization.objects.allowing(request.user, Capability.OVERVIEW).values("pk")
    own = Visibility.objects.filter(
        connection__user=current_user(request),
        contact__installation__organization__in=organizations.values("pk"),
    ).exclude(contact__installation__organization__in=whole)
    mirrored = Contact.objects.present().filter(installation__organization__in=whole).count()
    return mirrored + Contact.objects.present().filter(pk__in=own.values("contact")).count()


@panels.register("organization", name="directory", template="directory/organization_panel.html", order=20)
def mirrored(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """Counts, freshness, coverage, and which owners have consented."""
    rows = Installation.objects.filter(organization=organization).select_related(
        "environment", "organization"
    )
    listed = [
        _installation(row) for row in rows if SyncState.objects.filter(connection__installation=row).exists()
    ]
    return {"organization": organization, "rows": listed} if listed else None


def _installation(installation: Installation) -> dict[str, Any]:
    owners = Owner.objects.filter(installation=installation).exclude(is_active=False)
    sync_states = SyncState.objects.filter(connection__installation=installation, owner__isnull=False)
    own = {}  # of several connections of one person the working one counts
    for owner, state in sorted(
        sync_states.values_list("owner", "connection__state"),
        key=lambda sync_state: sync_state[1] == ConnectionState.ACTIVE,
    ):
        own[owner] = state
    ordered = sorted(
        owners, key=lambda owner: (own.get(owner.pk) != ConnectionState.ACTIVE, owner.display_name)
    )
    return {
        "installation": installation,
        "coverage": coverage.of(installation),
        "syncing": runs.of(installation),
        "owners": [{"owner": owner, "own": own.get(owner.pk, "")} for owner in ordered[:LISTED]],
        "more_owners": max(0, len(ordered) - LISTED),
    }


@panels.register("connection", name="directory", template="directory/connection_panel.html", order=30)
def sees(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """What this connection can and cannot see."""
    sync_state = SyncState.objects.filter(connection=connection).select_related("owner").first()
    if sync_state is None and connection.state != ConnectionState.ACTIVE:
        return None
    archived = (
        Contact.objects.filter(visibilities__connection=connection, archived=True).count()
        if sync_state
        else 0
    )
    job = Job.objects.filter(connection=connection, kind=jobs.KIND, state__in=ACTIVE).first()
    return {
        "connection": connection,
        "organization": connection.installation.organization,
        "environment": connection.installation.environment.name,
        "sync_state": sync_state,
        "archived": archived,
        "title": connection_title(connection),
        "may_sync": (
            connection.state == ConnectionState.ACTIVE
            and connection.admitted_at is not None
            and may_manage(request, connection)
        ),
        "job": job,
    }
