"""The resources of a client and their methods."""

from typing import Any

from integrations.total_expert import Client

NOT_RESOURCES = {"environment", "tokens"}


def resources_of(client: Client) -> dict[str, Any]:
    """Return the resources by attribute name."""
    return {
        name: value
        for name, value in vars(client).items()
        if not name.startswith("_") and name not in NOT_RESOURCES
    }


def methods_of(resource: Any) -> set[str]:
    """Return the names of a resource's public methods."""
    return {name for name in dir(resource) if not name.startswith("_") and callable(getattr(resource, name))}
