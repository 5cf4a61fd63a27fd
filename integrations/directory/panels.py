"""What the directory shows on Home, Organization and Connection: what is mirrored, and how fresh it is."""

from typing import Any

from django.db.models import F, Max, QuerySet
from django.http import HttpRequest

from integrations.connections.access import may_manage, title_of
from integrations.connections.models import Connection, Installation, State
from integrations.directory import coverage
from integrations.directory.models import Book, Contact, Owner, Sighting
from portal.organizations import panels
from portal.organizations.models import Organization
from portal.organizations.roles import Capability
from portal.organizations.screens import person

#: Owners that the Organization screen lists; more are counted.
LISTED = 25
#: Installations that Home lists.
LATEST = 10


@panels.register("home", name="directory", template="directory/home_panel.html", order=30)
def freshness(request: HttpRequest, subject: object) -> dict[str, Any] | None:
    """How many contacts are mirrored of what the person may see, and how fresh they are: the least fresh first."""
    organizations = Organization.objects.visible_to(request.user)
    synced = Max("connections__book__finished_at")
    rows = Installation.objects.filter(organization__in=organizations, connections__book__isnull=False)
    ordered = rows.annotate(synced=synced).order_by(F("synced").asc(nulls_first=True), "created_at")
    listed: list[dict[str, Any]] = []
    for installation in ordered.select_related("organization", "environment")[:LATEST]:
        through = coverage.eyes_of(person(request), installation)
        if through != []:
            covered = coverage.of(installation, through=through)
            listed.append({"installation": installation, "coverage": covered})
    if not listed:
        return None
    more = max(0, ordered.count() - LATEST)
    return {"rows": listed, "more": more, "total": _total(request, organizations)}


def _total(request: HttpRequest, organizations: "QuerySet[Organization]") -> int:
    """The contacts that this person may see, of all these organizations."""
    whole = Organization.objects.allowing(request.user, Capability.OVERVIEW).values("pk")
    own = Sighting.objects.filter(
        connection__user=person(request), contact__installation__organization__in=organizations.values("pk")
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
        _installation(row) for row in rows if Book.objects.filter(connection__installation=row).exists()
    ]
    return {"organization": organization, "rows": listed} if listed else None


def _installation(installation: Installation) -> dict[str, Any]:
    owners = Owner.objects.filter(installation=installation).exclude(is_active=False)
    consented = set(
        Book.objects.filter(
            connection__installation=installation, connection__state=State.ACTIVE
        ).values_list("owner", flat=True)
    )
    ordered = sorted(owners, key=lambda owner: (owner.pk not in consented, owner.display_name))
    return {
        "installation": installation,
        "coverage": coverage.of(installation),
        "owners": [{"owner": owner, "consented": owner.pk in consented} for owner in ordered[:LISTED]],
        "more_owners": max(0, len(ordered) - LISTED),
    }


@panels.register("connection", name="directory", template="directory/connection_panel.html", order=30)
def sees(request: HttpRequest, connection: Connection) -> dict[str, Any] | None:
    """What this connection can and cannot see."""
    book = Book.objects.filter(connection=connection).select_related("owner").first()
    if book is None and connection.state != State.ACTIVE:
        return None
    archived = Contact.objects.filter(sightings__connection=connection, archived=True).count() if book else 0
    return {
        "connection": connection,
        "organization": connection.installation.organization,
        "environment": connection.installation.environment.name,
        "book": book,
        "archived": archived,
        "title": title_of(connection),
        "may_sync": connection.state == State.ACTIVE and may_manage(request, connection),
    }
