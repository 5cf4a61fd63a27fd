"""The five roles, and what each one allows."""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """A person's role in one organization. Operators work for the partner and have access to all organizations."""

    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"
    OFFICER = "officer", "Loan officer"


#: The roles that a membership or an invitation may have.
MEMBER_ROLES = [Role.ADMIN, Role.EDITOR, Role.VIEWER, Role.OFFICER]


class Capability(StrEnum):
    """Something that a role may do in an organization."""

    BROWSE = "browse"  #: see contacts, groups and jobs; an officer, their own
    OVERVIEW = "overview"  #: see the organization, its owners, members and all its connections
    EDIT = "edit"  #: edit up to 100 contacts at a time
    EDIT_MANY = "edit many"  #: larger edits, delete, import, export
    MANAGE = "manage"  #: connections, members, required groups, publishing
    CONSENT = "consent"  #: connect with their own Total Expert account, and see that connection
    OPERATE = "operate"  #: environments, application credentials, keys, privacy: what belongs to the partner


_ALLOWED: dict[Role, frozenset[Capability]] = {
    Role.OPERATOR: frozenset(Capability) - {Capability.CONSENT},
    Role.ADMIN: frozenset(Capability) - {Capability.OPERATE},
    Role.EDITOR: frozenset({Capability.BROWSE, Capability.OVERVIEW, Capability.EDIT}),
    Role.VIEWER: frozenset({Capability.BROWSE, Capability.OVERVIEW}),
    Role.OFFICER: frozenset({Capability.BROWSE, Capability.EDIT, Capability.CONSENT}),
}


def allows(role: Role, capability: Capability) -> bool:
    """Return whether ``role`` allows ``capability``."""
    return capability in _ALLOWED[role]
