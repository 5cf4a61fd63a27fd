"""The five roles and what each may do."""

from enum import StrEnum

from django.db import models


class Role(models.TextChoices):
    """What somebody is in one organization. Operators work for the partner and are in none: they serve all."""

    OPERATOR = "operator", "Operator"
    ADMIN = "admin", "Admin"
    EDITOR = "editor", "Editor"
    VIEWER = "viewer", "Viewer"
    OFFICER = "officer", "Officer"


#: The roles a membership or an invitation may carry.
MEMBER_ROLES = [Role.ADMIN, Role.EDITOR, Role.VIEWER, Role.OFFICER]


class Capability(StrEnum):
    """Something a role may do in an organization that it may see."""

    BROWSE = "browse"  #: see contacts, groups and jobs; an officer: those of their own book
    OVERVIEW = "overview"  #: see the organization itself, its owners, members and all its connections
    EDIT = "edit"  #: edit up to 100 contacts at a time
    EDIT_MANY = "edit many"  #: larger edits, delete, import, export
    MANAGE = "manage"  #: connections, members, required groups, publishing
    CONSENT = "consent"  #: connect their own book, and see that connection
    OPERATE = "operate"  #: environments, application credentials, keys, privacy: the partner's own affairs


_ALLOWED: dict[Role, frozenset[Capability]] = {
    Role.OPERATOR: frozenset(Capability) - {Capability.CONSENT},
    Role.ADMIN: frozenset(Capability) - {Capability.OPERATE},
    Role.EDITOR: frozenset({Capability.BROWSE, Capability.OVERVIEW, Capability.EDIT}),
    Role.VIEWER: frozenset({Capability.BROWSE, Capability.OVERVIEW}),
    Role.OFFICER: frozenset({Capability.BROWSE, Capability.EDIT, Capability.CONSENT}),
}


def allows(role: Role, capability: Capability) -> bool:
    """Whether ``role`` may do ``capability``."""
    return capability in _ALLOWED[role]
