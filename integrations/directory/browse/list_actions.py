"""Actions of the contact list. Apps register theirs in ``AppConfig.ready()``.

An action on chosen contacts is a button that posts the fields which `chosen.Chosen.read` understands. Others are links.
"""

from dataclasses import dataclass

from portal.organizations.roles import Capability, Role, allows


@dataclass(frozen=True)
class ListAction:
    """A button or link on the list. ``url_name`` takes the organization's slug and the environment's name."""

    name: str
    label: str
    url_name: str
    capability: Capability
    icon: str
    order: int
    needs_contacts: bool


_actions: dict[str, ListAction] = {}


def register(
    name: str,
    *,
    label: str,
    url_name: str,
    capability: Capability,
    icon: str = "",
    order: int = 0,
    needs_contacts: bool = True,
) -> None:
    """Offer an action to roles that allow ``capability``, by ascending ``order``. A known ``name`` is replaced.

    An action that ``needs_contacts`` is offered for chosen contacts.
    """
    _actions[name] = ListAction(name, label, url_name, capability, icon, order, needs_contacts)


def offered(role: Role, *, needs_contacts: bool = True) -> list[ListAction]:
    """Return the actions that a role allows, in order: those on chosen contacts, or the others."""
    rows = (action for action in _actions.values() if action.needs_contacts is needs_contacts)
    allowed = (action for action in rows if allows(role, action.capability))
    return sorted(allowed, key=lambda action: (action.order, action.name))
