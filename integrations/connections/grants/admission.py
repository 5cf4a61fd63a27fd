"""Admission: before anything is mirrored by a new grant, it must show that it is this organization's."""

from collections.abc import Iterator

from django.db import transaction

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.grants import ownership
from integrations.connections.models import Connection, ConnectionState
from integrations.total_expert import Client, Rejected
from portal.core import clock


def admit(connection: Connection, client: Client) -> None:
    """Look at what tells the organization of a connection's grant, and let it be mirrored.

    Quarantines it and raises Rejected when that is another organization's. Raises the client's errors.
    """
    found = collect_records(client, as_admin=connection.sees_everything)
    if ownership.is_unrelated(connection, found):
        lifecycle.quarantine(connection, reason=ownership.UNRELATED_SENTENCE)
        raise Rejected([ownership.UNRELATED_SENTENCE], code="another_organization")
    ownership.claim_records(connection, found)
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk, state=ConnectionState.ACTIVE).update(
            admitted_at=clock.now()
        )
    connection.refresh_from_db(fields=["admitted_at"])


def collect_records(client: Client, *, as_admin: bool) -> list[ownership.Record]:
    """The oldest contacts that a grant sees with their owners, and as admin every user: some thousand at most."""
    found = ownership.contact_records(list_oldest_contacts(client).items)
    if as_admin:
        found += ownership.user_records(_users(client))
    return list(dict.fromkeys(found))


def list_oldest_contacts(client: Client) -> total_expert.Page[total_expert.Contact]:
    """A page of contacts, the oldest first where Total Expert takes that order."""
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
