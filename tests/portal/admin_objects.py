"""One object of each table in Django's admin, and more of them, for tests that open its pages."""

from collections.abc import Callable
from typing import Any

from integrations.connections.limits import budgets
from integrations.connections.models import Call, Purpose, RequestState, TokenRequest
from integrations.directory.models import Contact, ContactGroup, Owner
from portal.audit.models import Entry
from portal.core import clock
from tests.portal.scene import Scene


def call(scene: Scene) -> Call:
    """A call that failed, in the log of the scene's connection."""
    return Call.objects.create(
        at=clock.now(),
        connection=scene.connection,
        budget=budgets.of(scene.connection),
        method="GET",
        path="/contacts",
        status=500,
        milliseconds=12,
    )


def token_request(scene: Scene) -> TokenRequest:
    return TokenRequest.objects.create(
        budget=budgets.of(scene.connection),
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


#: How to find or make one object of each registered model.
OBJECTS: dict[str, Callable[[Scene], Any]] = {
    "accounts.user": lambda scene: scene.people["admin"],
    "audit.entry": lambda scene: Entry.objects.filter(organization_id=scene.organization.pk).last(),
    "connections.call": call,
    "connections.connection": lambda scene: scene.connection,
    "connections.environment": lambda scene: scene.environment,
    "connections.installation": lambda scene: scene.installation,
    "connections.tokenrequest": token_request,
    "directory.contact": lambda scene: scene.contact,
    "directory.contactgroup": group,
    "directory.owner": owner,
    "jobs.job": lambda scene: scene.job,
    "organizations.invitation": lambda scene: scene.invitation()[0],
    "organizations.membership": lambda scene: scene.organization.memberships.first(),
    "organizations.organization": lambda scene: scene.organization,
}
