"""Warnings shown before an invitation is sent. Apps register them; the person who invites must confirm."""

from collections.abc import Callable

from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Role

#: Returns a sentence about the effect of inviting one more person in this role, or "" if there is nothing to say.
#: Only operators may read about other customers.
Warn = Callable[[Organization, Role, User], str]

_warnings: dict[str, Warn] = {}


def register(name: str, warn: Warn) -> None:
    """Ask ``warn`` before each invitation. Registering a name again replaces it."""
    _warnings[name] = warn


def for_invitation(organization: Organization, role: Role, *, actor: User) -> list[str]:
    """Return the warnings to show to ``actor`` before they invite someone to the organization."""
    return [sentence for warn in _warnings.values() if (sentence := warn(organization, role, actor))]
