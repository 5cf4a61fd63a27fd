"""The permissions of a role."""

from typing import Any

from ..calls import Request
from ..parse import array
from ..records import Permission
from ..transport.error_mapping import unreadable_response
from .endpoints import Endpoint


class RolePermissions(Endpoint):
    """The permissions of roles, by role id. Visible to connections as admin only."""

    def get(self, role_id: int) -> tuple[Permission, ...]:
        """Return the permissions of a role. Raise Rejected with code "not_found" if there is no such role."""
        path = self._path_of(role_id)
        permissions = _permissions(self._sender.send(Request("GET", path)))
        if permissions is None:
            raise unreadable_response("GET", path)
        return tuple(each for each in map(Permission.from_json, permissions) if each is not None)


def _permissions(data: Any) -> list[Any] | None:
    """Return the list in a response. The vendor publishes no example, so accept the likely formats."""
    if isinstance(data, dict):
        names = ("permissions", "items", "objects")
        found = [name for name in names if name in data]
        return array(data[found[0]]) if found else None
    return data if isinstance(data, list) else None
