"""Admission: before anything is synced through a new grant, check that it shows this organization's records."""

from collections.abc import Iterator

from django.db import transaction

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.grants import ownership
from integrations.connections.models import Connection, ConnectionState
from integrations.total_expert import Client, Rejected
from portal.core import clock


def admit(connection: Connection, client: Client) -> None:
    """Check which organization a connection shows, and allow syncing.

    Quarantine the connection and raise Rejected if it shows another organization. Raise the client's errors.
    """
    records = collect_records(client, as_admin=connection.sees_everything)
    if ownership.is_unrelated(connection, records):
        lifecycle.quarantine(connection, reason=ownership.UNRELATED_SENTENCE)
        raise Rejected([ownership.UNRELATED_SENTENCE], code="another_organization")
    ownership.claim_records(connection, records)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk, state=ConnectionState.ACTIVE).update(
            admitted_at=clock.now()
        )
    connection.refresh_from_db(fields=["admitted_at"])


def collect_records(client: Client, *, as_admin: bool) -> list[ownership.Record]:
    """Return the identifying records that a grant shows: the oldest contacts, their owners, and as admin all users."""
    records = ownership.contact_records(list_oldest_contacts(client).items)
    if as_admin:
        records += ownership.user_records(_users(client))
    return list(dict.fromkeys(records))


def list_oldest_contacts(client: Client) -> total_expert.Page[total_expert.Contact]:
    """Return a page of contacts, oldest first if Total Expert accepts that order."""
    try:
        return client.contacts.list(size=100, sort=(ownership.CREATED_AT,))
    except Rejected as refused:
        if refused.status not in (400, 422):
            raise
        return client.contacts.list(size=100)


def _users(client: Client) -> Iterator[total_expert.User]:
    try:
        for page in client.users.pages():
            yield from page.items
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
