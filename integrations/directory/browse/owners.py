"""Owners: the one definition of the owners that pages count, list and offer as a filter."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.connections.models import Connection, Installation
from integrations.directory.models import Contact, Owner, SyncState, Visibility


def of(installation: Installation, *, through: Iterable[Connection] | None = None) -> "QuerySet[Owner]":
    """Return the owners of an installation: those who aren't deactivated, and deactivated ones who still own contacts.

    ``through`` limits them to what these connections show: the people who authorized them, and the owners of their
    contacts. An admin connection shows all.
    """
    owners = Owner.objects.filter(installation=installation)
    own = Contact.objects.present().filter(installation=installation, owner=OuterRef("pk"))
    counted = owners.filter(~Q(is_active=False) | Exists(own))
    if through is None:
        return counted
    chosen = list(through)
    if any(connection.sees_everything for connection in chosen):
        return counted
    keys = [connection.pk for connection in chosen]
    seen = Visibility.objects.filter(connection__in=keys)
    theirs = Contact.objects.present().filter(pk__in=seen.values("contact")).order_by()
    own_states = SyncState.objects.filter(connection__in=keys, owner__isnull=False)
    return counted.filter(Q(pk__in=theirs.values("owner").distinct()) | Q(pk__in=own_states.values("owner")))


def not_connected(owners: "QuerySet[Owner]") -> "QuerySet[Owner]":
    """Return those of ``owners`` who aren't deactivated and never had a connection of their own."""
    return owners.exclude(is_active=False).exclude(Exists(SyncState.objects.filter(owner=OuterRef("pk"))))
