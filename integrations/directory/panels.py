"""What the directory shows on Home and on the pages of organizations and connections: synced contacts and owners."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.core.cache import caches
from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest

from integrations.connections.models import Connection, ConnectionState, Installation
from integrations.connections.permissions import connection_title
from integrations.directory.browse import access, coverage, groups, keyset, owners, required
from integrations.directory.models import (
    Contact,
    RequiredGroup,
    SyncState,
    UnreadContact,
    UnreadPage,
    Visibility,
)
from integrations.directory.sync import jobs, runs
from integrations.jobs.models import ACTIVE, Job
from portal.accounts.guard import current_user
from portal.core import panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: The most owners that an organization's page lists. It counts the others.
LISTED_OWNERS = 12
#: The most installations that Home lists.
LISTED_INSTALLATIONS = 10
#: The most installations whose contacts without a required group Home counts.
COUNTED_INSTALLATIONS = 5
#: Home shows counts that are up to this many seconds old. A pass that starts or ends updates them at once.
CACHE_SECONDS = 30


@panels.register("home", name="directory", template="directory/home_panel.html", order=30)
def synced_contacts(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Count the contacts that the person may see, and list the installations synced longest ago."""
    organizations = Organization.objects.visible_to(request.user)
    synced = Max("connections__sync_state__finished_at")
    rows = Installation.objects.filter(organization__in=organizations, connections__sync_state__isnull=False)
    ordered = rows.annotate(synced=synced).order_by(F("synced").asc(nulls_first=True), "created_at")
    shown = list(ordered.select_related("organization", "environment")[:LISTED_INSTALLATIONS])
    if not shown:
        return None
    key = _cache_key(request, organizations)
    counts = caches["memory"].get(key)
    if counts is None:
        counts = _count(request, organizations, shown)
        caches["memory"].set(key, counts, CACHE_SECONDS)
    covered, total = counts
    listed = [{"installation": row, "coverage": covered[row.pk]} for row in shown if row.pk in covered]
    if not listed:
        return None
    return {"rows": listed, "more": max(0, ordered.count() - LISTED_INSTALLATIONS), "total": total}


def _cache_key(request: HttpRequest, organizations: "QuerySet[Organization]") -> str:
    """Return a key that changes with the person, what they may see, and the state of connections and passes."""
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
    """Return the coverage of each installation that the person sees a part of, by key, and the count of all contacts."""
    covered = {}
    for installation in shown:
        through = access.limiting_connections(current_user(request), installation)
        if through != []:
            covered[installation.pk] = coverage.of(installation, through=through)
    return covered, _total(request, organizations)


def _total(request: HttpRequest, organizations: "QuerySet[Organization]") -> int:
    """Return how many contacts of these organizations the person may see."""
    whole = Organization.objects.allowing(request.user, Capability.OVERVIEW).values("pk")
    own = Visibility.objects.filter(
        connection__user=current_user(request),
        contact__installation__organization__in=organizations.values("pk"),
    ).exclude(contact__installation__organization__in=whole)
    visible = Contact.objects.present().filter(installation__organization__in=whole).count()
    return visible + Contact.objects.present().filter(pk__in=own.values("contact")).count()


@panels.register("home", name="required-groups", template="directory/home_required_groups.html", order=25)
def missing_required_groups(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """Count the contacts that lack a required group, where people can see all contacts of an organization.

    Looks at the installations whose required groups were recorded last.
    """
    is_required = Q(required_groups__state=RequiredGroup.State.REQUIRED)
    rows = (
        Installation.objects.filter(
            is_required, organization__in=Organization.objects.allowing(request.user, Capability.OVERVIEW)
        )
        .annotate(
            recorded=Max("required_groups__recorded_at"),
            number=Count("required_groups", distinct=True),
            synced=Max("connections__sync_state__finished_at"),
        )
        .select_related("organization", "environment")
        .order_by("-recorded", "pk")
    )
    counted = [(row, _count_lacking(row)) for row in rows[:COUNTED_INSTALLATIONS]]
    lacking = [{"installation": row, "lacking": found} for row, found in counted if found.number]
    return {"rows": lacking} if lacking else None


def _count_lacking(row: Any) -> groups.Members:
    """Return how many contacts lack a required group. Counts again after a change or a sync, or when the cache is old."""
    key = f"directory.lacking:{row.pk}:{row.number}:{row.recorded.timestamp()}:{row.synced and row.synced.timestamp()}"
    found: groups.Members | None = caches["memory"].get(key)
    if found is None:
        found = groups.Members.of(
            keyset.count(required.contacts_lacking(row), groups.COUNTED + 1), groups.COUNTED
        )
        caches["memory"].set(key, found, CACHE_SECONDS)
    return found


def _synced_installations(organization: Organization) -> list[Installation]:
    """Return the installations of an organization that a sync has begun for, production first."""
    rows = Installation.objects.filter(organization=organization).select_related(
        "environment", "organization"
    )
    synced = rows.filter(Exists(SyncState.objects.filter(connection__installation=OuterRef("pk"))))
    return list(synced.production_first())


@panels.register(
    "organization", name="directory", template="directory/organization_contacts.html", order=20, place="main"
)
def organization_contacts(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """Show for each environment how many contacts are synced, and when they last were."""
    rows = [
        {"installation": row, "coverage": coverage.of(row), "syncing": runs.of(row)}
        for row in _synced_installations(organization)
    ]
    return {"organization": organization, "rows": rows} if rows else None


@panels.register(
    "organization",
    name="directory-owners",
    template="directory/organization_owners.html",
    order=30,
    place="aside",
)
def organization_owners(request: HttpRequest, organization: Organization) -> dict[str, Any] | None:
    """Show for each environment which owners have connected."""
    rows = [_owners(row) for row in _synced_installations(organization)]
    rows = [row for row in rows if row["total"]]
    return {"rows": rows} if rows else None


def _owners(installation: Installation) -> dict[str, Any]:
    """Return an installation's owners, those with a working connection first, and how many have connected."""
    own = SyncState.objects.filter(owner=OuterRef("pk"))
    active = Exists(own.filter(connection__state=ConnectionState.ACTIVE))
    known = owners.of(installation).annotate(is_connected=active)
    listed = list(known.order_by("-is_connected", "last_name", "first_name", "remote_id")[:LISTED_OWNERS])
    states = SyncState.objects.filter(owner__in=listed).values_list("owner", "connection__state")
    # If a person has several connections, the working one counts.
    by_owner = dict(sorted(states, key=lambda state: state[1] == ConnectionState.ACTIVE))
    total = known.count()
    admins = SyncState.objects.filter(
        connection__installation=installation,
        connection__state=ConnectionState.ACTIVE,
        full_finished_at__isnull=False,
    ).select_related("connection")
    return {
        "installation": installation,
        "owners": [{"owner": owner, "state": by_owner.get(owner.pk, "")} for owner in listed],
        "total": total,
        "more": max(0, total - LISTED_OWNERS),
        "connected": known.filter(active).count(),
        "missing": owners.not_connected(known).count(),
        "sees_all": any(state.connection.sees_everything for state in admins),
    }


@panels.register(
    "connection", name="directory", template="directory/connection_panel.html", order=30, place="main"
)
def visible_data(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """Show what a connection can and can't see."""
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
        "sync_state": sync_state,
        "archived": archived,
        "unread_contacts": UnreadContact.objects.filter(connection=connection).count(),
        "unread_pages": UnreadPage.objects.filter(connection=connection).count(),
        "title": connection_title(connection),
        "job": job,
    }
