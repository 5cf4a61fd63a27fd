"""Access: which installations and contacts of an organization a person may see."""

from typing import Any

from django.http import Http404

from integrations.connections.models import Connection, Installation
from integrations.directory.browse import shown_fields
from integrations.directory.models import Contact, ContactQuerySet
from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Capability


def visible_contacts(user: User, organization: Organization) -> ContactQuerySet:
    """Return the organization's contacts that ``user`` may see. A loan officer sees those of their own connections."""
    return Contact.objects.all().visible_to(user, organization)


def visible_installations(user: User, organization: Organization) -> list[Installation]:
    """Return the installations in which ``user`` may see contacts, production first."""
    rows = Installation.objects.filter(organization=organization).select_related("environment")
    if not organization.allows(user, Capability.OVERVIEW):
        rows = rows.filter(connections__user=user).distinct()
    found = list(rows.production_first())
    for row in found:
        row.organization = organization  # known, so nobody has to query it
    return found


def visible_installation(user: User, organization: Organization, environment: str) -> Installation:
    """Return the installation in the environment of that name in which ``user`` may see contacts. Raise Http404."""
    for installation in visible_installations(user, organization):
        if installation.environment.name == environment:
            return installation
    raise Http404


def chosen_installation(installations: list[Installation], environment: str) -> Installation | None:
    """Return the installation in the environment of this name, or else the first."""
    named = (row for row in installations if row.environment.name == environment)
    return next(named, installations[0] if installations else None)


def limiting_connections(user: User, installation: Installation) -> list[Connection] | None:
    """Return the connections that ``user`` is limited to: a loan officer's own. None means no limit."""
    if installation.organization.allows(user, Capability.OVERVIEW):
        return None
    return list(Connection.objects.filter(installation=installation, user=user))


def visible_record(user: User, contact: Contact) -> dict[str, Any]:
    """Return the record of a contact that ``user`` may see. A loan officer doesn't get fields that only an admin sees."""
    document = contact.document
    raw: dict[str, Any] = document.raw
    if not contact.as_admin or contact.installation.organization.allows(user, Capability.OVERVIEW):
        return raw
    return shown_fields.only(raw, document.shown or ())
