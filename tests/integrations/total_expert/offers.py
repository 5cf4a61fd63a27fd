"""What a client offers, found by looking at it: its resources and their methods."""

from typing import Any

from integrations.total_expert import Client

NOT_RESOURCES = {"environment", "tokens"}


def resources_of(client: Client) -> dict[str, Any]:
    """The resources by the names of their attributes."""
    return {
        name: value
        for name, value in vars(client).items()
        if not name.startswith("_") and name not in NOT_RESOURCES
    }


def methods_of(resource: Any) -> set[str]:
    """The names of a resource's public methods."""
    return {name for name in dir(resource) if not name.startswith("_") and callable(getattr(resource, name))}
