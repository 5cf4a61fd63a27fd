"""Actions on a contact's page. Apps register theirs in ``AppConfig.ready()``."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse

from integrations.directory.models import Contact
from portal.accounts.models import User
from portal.organizations.roles import Capability

#: Return why an action isn't possible for a contact, or "".
WhyNot = Callable[[User, Contact], str]


@dataclass(frozen=True)
class ContactAction:
    """A link, or a button that posts, to ``url_name`` with the organization's slug and the contact's primary key."""

    name: str
    label: str
    url_name: str
    capability: Capability
    icon: str
    order: int
    is_primary: bool
    posts: bool
    why_not: WhyNot | None


@dataclass(frozen=True)
class Offered:
    """An action as the page shows it. It is disabled if there is a ``reason``."""

    label: str
    url: str
    icon: str
    is_primary: bool
    posts: bool
    reason: str


_actions: dict[str, ContactAction] = {}


def register(
    name: str,
    *,
    label: str,
    url_name: str,
    capability: Capability,
    icon: str,
    order: int = 0,
    is_primary: bool = False,
    posts: bool = False,
    why_not: WhyNot | None = None,
) -> None:
    """Offer an action to roles that allow ``capability``, by ascending ``order``. A known ``name`` is replaced."""
    _actions[name] = ContactAction(name, label, url_name, capability, icon, order, is_primary, posts, why_not)


def offered(user: User, contact: Contact) -> list[Offered]:
    """Return the actions that ``user`` may use on a contact. Contacts that nobody sees any more have none."""
    organization = contact.installation.organization
    if contact.gone_at is not None:
        return []
    return [
        Offered(
            action.label,
            reverse(action.url_name, args=[organization.slug, contact.pk]),
            action.icon,
            action.is_primary,
            action.posts,
            action.why_not(user, contact) if action.why_not else "",
        )
        for action in sorted(_actions.values(), key=lambda each: (each.order, each.name))
        if organization.allows(user, action.capability)
    ]
