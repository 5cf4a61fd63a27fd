"""Actions on the contacts chosen in the list. Apps register theirs in ``AppConfig.ready()``.

An action is a button that posts the fields which `chosen.Chosen.read` understands.
"""

from dataclasses import dataclass

from portal.organizations.roles import Capability, Role, allows


@dataclass(frozen=True)
class ListAction:
    """A button on the list. It posts to ``url_name`` with the organization's slug and the environment's name."""

    name: str
    label: str
    url_name: str
    capability: Capability
    icon: str
    order: int


_actions: dict[str, ListAction] = {}


def register(
    name: str, *, label: str, url_name: str, capability: Capability, icon: str = "", order: int = 0
) -> None:
    """Offer an action to roles that allow ``capability``, by ascending ``order``. A known ``name`` is replaced."""
    _actions[name] = ListAction(name, label, url_name, capability, icon, order)


def offered(role: Role) -> list[ListAction]:
    """Return the actions that a role allows, in order."""
    allowed = (action for action in _actions.values() if allows(role, action.capability))
    return sorted(allowed, key=lambda action: (action.order, action.name))
