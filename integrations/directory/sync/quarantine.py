"""Removing what a quarantined connection showed, because it belongs to another organization."""

import datetime as dt
from typing import Any

from django.db import transaction

from integrations.connections.models import Connection
from integrations.directory.models import (
    Contact,
    ContactGroup,
    Owner,
    SyncState,
    UnreadContact,
    UnreadPage,
    Visibility,
)


def on_quarantined(sender: object, *, connection: Connection, since: dt.datetime, **_: Any) -> None:
    """Delete the contacts that only ``connection`` has shown since its grant was admitted.

    Contacts that an earlier grant of the same connection showed stay. Owners and groups have no record of who showed
    them: those without a contact are deleted, and the next sync of another connection restores its own.
    """
    installation = connection.installation
    with transaction.atomic():
        shown = Visibility.objects.filter(connection=connection, seen_at__gte=since)
        contacts = list(shown.values_list("contact", flat=True))
        shown.delete()
        for start in range(0, len(contacts), 500):
            unseen = Contact.objects.filter(pk__in=contacts[start : start + 500], visibilities=None)
            Contact.objects.filter(pk__in=list(unseen.values_list("pk", flat=True))).delete()
        SyncState.objects.filter(connection=connection).update(
            owner=None,
            contacts=0,
            groups=0,
            finished_at=None,
            covers_until=None,
            first_finished_at=None,
            full_finished_at=None,
            seen_until=None,
            difference=None,
            is_complete=False,
        )
        UnreadContact.objects.filter(connection=connection).delete()
        UnreadPage.objects.filter(connection=connection).delete()
        idle = Owner.objects.filter(installation=installation, contacts=None, sync_states=None)
        ContactGroup.objects.filter(owner__in=idle, memberships=None).delete()
        idle.filter(contact_groups=None).delete()
