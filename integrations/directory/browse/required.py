"""Which groups an installation requires, for which owners they exist, and which contacts lack them."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from integrations.connections.models import Connection, GrantType, Installation
from integrations.directory.browse import owners
from integrations.directory.models import (
    Contact,
    ContactGroup,
    ContactQuerySet,
    Membership,
    Owner,
    RequiredGroup,
    SyncState,
)
from portal.core import search_text

#: What the filter "missing a required group" says for any of them.
ANY = "yes"


def of(installation: Installation) -> "QuerySet[RequiredGroup]":
    """Return the groups that are required now, by name."""
    return RequiredGroup.objects.filter(installation=installation, state=RequiredGroup.State.REQUIRED)


def groups_named(folded_name: str, installation: Installation) -> "QuerySet[ContactGroup]":
    """Return the groups of all owners that have a name, given as `search_text.fold` makes it."""
    return ContactGroup.objects.filter(installation=installation, gone_at=None, search=folded_name)


def lacking(installation: Installation, name: str = ANY) -> Q:
    """Return the condition for contacts that lack the required group called ``name``, or any one of them.

    No contact meets it if the installation requires no such group.
    """
    required = of(installation)
    if name != ANY:
        required = required.filter(folded_name=search_text.fold(name))
    found = Q(pk__in=[])
    # Adding 0 keeps databases from looking up each of the groups, of which there is one for each owner. A contact is in few.
    memberships = Membership.objects.filter(contact=OuterRef("pk")).annotate(its_group=F("group_id") + 0)
    for folded_name in required.values_list("folded_name", flat=True):
        groups = groups_named(folded_name, installation).values("pk")
        found |= ~Q(Exists(memberships.filter(its_group__in=groups)))
    return found


def contacts_lacking(installation: Installation, name: str = ANY) -> ContactQuerySet:
    """Return the present contacts that lack at least one required group, or the one called ``name``."""
    return Contact.objects.present().filter(lacking(installation, name), installation=installation)


def missing_for_owners(
    installation: Installation, *, through: list[Connection] | None = None
) -> dict[RequiredGroup, "QuerySet[Owner]"]:
    """Return for each required group the owners who have no group of that name.

    Only owners whose groups were read can lack one: see `checked_owners`.
    """
    checked = checked_owners(installation, through=through)
    return {
        row: checked.exclude(Exists(groups_named(row.folded_name, installation).filter(owner=OuterRef("pk"))))
        for row in of(installation)
    }


def checked_owners(
    installation: Installation, *, through: list[Connection] | None = None
) -> "QuerySet[Owner]":
    """Return the owners whose groups have been read: all if an admin connection has, else those who connected."""
    known = owners.of(installation, through=through)
    states = SyncState.objects.filter(connection__installation=installation, finished_at__isnull=False)
    if states.filter(connection__grant=GrantType.CLIENT_CREDENTIALS).exists():
        return known
    return known.filter(pk__in=states.filter(owner__isnull=False).values("owner"))
