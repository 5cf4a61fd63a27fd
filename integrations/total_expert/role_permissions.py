"""What roles may do."""

from typing import Any

from .calls import Request
from .records import Permission
from .resources import Endpoint
from .verdicts import unreadable


class RolePermissions(Endpoint):
    """The permissions of roles, by the id of a role. Only connections as admin see them."""

    def get(self, role_id: int) -> tuple[Permission, ...]:
        """What a role may do. Raises Rejected with code "not_found" when there is no such role."""
        path = self._one(role_id)
        listed = _permissions(self._caller.call(Request("GET", path)))
        if listed is None:
            raise unreadable("GET", path)
        return tuple(each for each in map(Permission.read, listed) if each is not None)


def _permissions(answer: Any) -> list[Any] | None:
    """The list in an answer. The vendor publishes no example: it may be all of it, or under one of these names."""
    if isinstance(answer, dict):
        names = ("permissions", "items", "objects")
        answer = next((answer[name] for name in names if isinstance(answer.get(name), list)), None)
    return answer if isinstance(answer, list) else None
