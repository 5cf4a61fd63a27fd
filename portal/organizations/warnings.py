"""Cautions: what upper apps have to say before somebody is invited. Whoever goes on nevertheless confirms it."""

from collections.abc import Callable

from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Role

#: Answers what it would mean that somebody invites one more person in this role; "" when there is nothing to say.
#: What concerns other customers is said to operators only.
Warn = Callable[[Organization, Role, User], str]

_cautions: dict[str, Warn] = {}


def register(name: str, caution: Warn) -> None:
    """Have ``caution`` asked before each invitation. Registering a name again replaces it."""
    _cautions[name] = caution


def for_invitation(organization: Organization, role: Role, *, actor: User) -> list[str]:
    """What is to be said to ``actor`` before they invite somebody there."""
    return [sentence for caution in _cautions.values() if (sentence := caution(organization, role, actor))]
