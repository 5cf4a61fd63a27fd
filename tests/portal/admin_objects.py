"""One object of each table in Django's admin, and more of them, for tests that open its pages."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from integrations.connections.limits import budgets
from integrations.connections.models import (
    Call,
    Connection,
    ConnectionState,
    Environment,
    GrantType,
    Installation,
    Purpose,
    RequestState,
    TokenRequest,
)
from integrations.directory import required_groups
from integrations.directory.models import (
    ColumnChoice,
    Contact,
    ContactGroup,
    Membership,
    Owner,
    RequiredGroup,
    Visibility,
)
from integrations.jobs.models import Job, JobLine
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import clock
from portal.organizations import organizations
from portal.organizations.invitations import invitations
from portal.organizations.models import Organization
from tests.portal.people import person
from tests.portal.scene import Scene, join


def call(scene: Scene) -> Call:
    """A call that failed, in the log of the scene's connection."""
    return Call.objects.create(
        at=clock.now(),
        connection=scene.connection,
        budget=budgets.for_connection(scene.connection),
        method="GET",
        path="/contacts",
        status=500,
        milliseconds=12,
    )


def token_request(scene: Scene) -> TokenRequest:
    return TokenRequest.objects.create(
        budget=budgets.for_connection(scene.connection),
        connection=scene.connection,
        purpose=Purpose.WORK,
        state=RequestState.GRANTED,
        at=clock.now(),
        ended_at=clock.now(),
    )


def owner(scene: Scene) -> Owner:
    """An owner of contacts in the scene's installation."""
    number = Owner.objects.count() + 1
    return Owner.objects.create(
        installation=scene.installation,
        remote_id=number,
        first_name="Owen",
        last_name=f"Number{number}",
        synced_at=clock.now(),
    )


def group(scene: Scene) -> ContactGroup:
    number = ContactGroup.objects.count() + 1
    return ContactGroup.objects.create(
        installation=scene.installation,
        remote_id=number,
        name=f"Group {number}",
        owner=owner(scene),
        synced_at=clock.now(),
    )


def contact(scene: Scene) -> Contact:
    number = Contact.objects.count() + 1
    return Contact.objects.create(
        installation=scene.installation,
        remote_id=number,
        owner=owner(scene),
        first_name="Nora",
        last_name=f"Number{number}",
        search=f"nora number{number}",
        sort_name=f"number{number} nora",
        digest="0",
        first_seen_at=clock.now(),
        synced_at=clock.now(),
    )


def more(scene: Scene) -> None:
    """One more row in every table: of another organization and other people, or in the scene's own installation."""
    at = clock.now()
    user = person(f"more{User.objects.count()}@{scene.organization.slug}.example")
    other = organizations.create(name=f"Organization {Organization.objects.count()}", actor=user)
    join(user, other, "admin")
    join(person(f"member{User.objects.count()}@example.com"), scene.organization, "viewer")
    invitations.invite(organization=other, email="new@example.com", role="viewer", actor=user)
    environment = Environment.objects.create(
        name=f"other-{Environment.objects.count()}",
        label="Other",
        base_url="https://other.example/v1",
        authorize_url="https://other.example/v1/authorize",
    )
    installation = Installation.objects.create(organization=other, environment=environment, created_at=at)
    connection = Connection.objects.create(
        installation=installation,
        grant=GrantType.AUTHORIZATION_CODE,
        user=user,
        state=ConnectionState.ACTIVE,
        since=at,
        created_at=at,
    )
    job = Job.objects.create(
        kind="directory.sync",
        installation=installation,
        organization=other,
        connection=connection,
        requested_by=user,
        state="failed",
        created_at=at,
    )
    JobLine.objects.create(job=scene.job, at=at, text="Something happened.")
    other_scene = replace(scene, installation=installation, connection=connection, job=job)
    call(other_scene)
    token_request(other_scene)
    group(scene)
    required_groups.suggest(scene.installation, f"Suggested {RequiredGroup.objects.count()}")
    row = contact(scene)
    Visibility.objects.create(contact=row, connection=scene.connection, pass_number=1, seen_at=at)
    Membership.objects.create(contact=scene.contact, group=group(scene))
    scene.plan()
    scene.saved_view()
    ColumnChoice.objects.create(user=user, columns=["email"])
    Visibility.objects.create(contact=scene.contact, connection=connection, pass_number=1, seen_at=at)


#: How to find or make one object of each registered model.
OBJECTS: dict[str, Callable[[Scene], Any]] = {
    "accounts.user": lambda scene: scene.people["admin"],
    "bulk.plan": lambda scene: scene.plan(),
    "audit.entry": lambda scene: Entry.objects.filter(organization_id=scene.organization.pk).last(),
    "connections.call": call,
    "connections.connection": lambda scene: scene.connection,
    "connections.environment": lambda scene: scene.environment,
    "connections.installation": lambda scene: scene.installation,
    "connections.tokenrequest": token_request,
    "directory.contact": lambda scene: scene.contact,
    "directory.contactgroup": group,
    "directory.owner": owner,
    "bulk.planrow": lambda scene: scene.plan().rows.get(),
    "directory.columnchoice": lambda scene: ColumnChoice.objects.get_or_create(
        user=scene.people["admin"], defaults={"columns": ["email"]}
    )[0],
    "directory.savedview": lambda scene: scene.saved_view(),
    "directory.requiredgroup": lambda scene: scene.required_group(),
    "jobs.job": lambda scene: scene.job,
    "organizations.invitation": lambda scene: scene.invitation()[0],
    "organizations.membership": lambda scene: scene.organization.memberships.first(),
    "organizations.organization": lambda scene: scene.organization,
}
