"""Rows of owners, groups and contacts, made without a sync."""

from typing import Any

from integrations.connections.models import (
    Connection,
    ConnectionState,
    Environment,
    GrantType,
    Installation,
)
from integrations.directory.models import Contact, ContactGroup, Membership, Owner, SyncState, Visibility
from portal.accounts.models import User
from portal.core import clock, search_text
from portal.organizations.models import Membership as Member
from portal.organizations.models import Organization
from tests.portal.people import person


def make_installation(slug: str = "cedar", environment: str = "production") -> Installation:
    """An organization in an environment, each made if it is not there."""
    at = clock.now()
    organization, _ = Organization.objects.get_or_create(
        slug=slug, defaults={"name": f"{slug.title()} Lending", "created_at": at}
    )
    place, _ = Environment.objects.get_or_create(
        name=environment,
        defaults={
            "label": environment.title(),
            "base_url": "https://te.example/v1",
            "authorize_url": "https://te.example/v1/authorize",
            "is_production": environment == "production",
        },
    )
    return Installation.objects.create(organization=organization, environment=place, created_at=at)


def make_owner(installation: Installation, name: str) -> Owner:
    first, last = name.split()
    return Owner.objects.create(
        installation=installation,
        remote_id=Owner.objects.count() + 1,
        first_name=first,
        last_name=last,
        synced_at=clock.now(),
    )


def make_group(
    installation: Installation, name: str, owner: Owner | None = None, **fields: Any
) -> ContactGroup:
    return ContactGroup.objects.create(
        installation=installation,
        remote_id=ContactGroup.objects.count() + 1,
        name=name,
        owner=owner,
        **{"synced_at": clock.now(), **fields},
    )


def make_contact(installation: Installation, *groups: ContactGroup, **fields: Any) -> Contact:
    number = Contact.objects.count() + 1
    name = f"Contact{number:03}"
    row = Contact.objects.create(
        installation=installation,
        remote_id=number,
        last_name=name,
        digest="0",
        first_seen_at=clock.now(),
        synced_at=clock.now(),
        sort_name=search_text.fold(name),
        search=search_text.fold(name),
        **fields,
    )
    Membership.objects.bulk_create(Membership(contact=row, group=group) for group in groups)
    return row


def make_connection(
    installation: Installation, *, owner: Owner | None = None, user: User | None = None
) -> Connection:
    """A connection that has synced everything: of a person if it has an owner, else of an admin."""
    at = clock.now()
    connection = Connection.objects.create(
        installation=installation,
        grant=GrantType.AUTHORIZATION_CODE if owner else GrantType.CLIENT_CREDENTIALS,
        user=user,
        state=ConnectionState.ACTIVE,
        since=at,
        created_at=at,
        admitted_at=at,
    )
    SyncState.objects.create(
        connection=connection,
        owner=owner,
        passes=1,
        started_at=at,
        finished_at=at,
        first_finished_at=at,
        full_finished_at=at,
        is_complete=True,
    )
    return connection


def show(connection: Connection, *contacts: Contact) -> None:
    """Let a connection see contacts."""
    Visibility.objects.bulk_create(
        Visibility(connection=connection, contact=contact, pass_number=1, seen_at=clock.now())
        for contact in contacts
    )


def make_member(installation: Installation, role: str) -> User:
    user = person(f"{role}{User.objects.count()}@{installation.organization.slug}.example")
    Member.objects.create(
        user=user, organization=installation.organization, role=role, created_at=clock.now()
    )
    return user
