"""What a plan does to groups: create, rename or delete those of a name. Each owner has groups of their own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from portal.core import search_text, text
from portal.core.errors import Refused

LONGEST = 255


class GroupVerb(StrEnum):
    CREATE = "create"
    RENAME = "rename"
    DELETE = "delete"


@dataclass(frozen=True)
class GroupEdit:
    """Creates, renames or deletes groups. ``name`` is what they are called, or will be if they are created."""

    verb: GroupVerb
    name: str
    new_name: str = ""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the edit that `to_json` wrote."""
        return cls(GroupVerb(stored["verb"]), stored["name"], stored.get("new_name", ""))

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    @property
    def sentence(self) -> str:
        """Return what it does, as the title of its plan."""
        if self.verb is GroupVerb.CREATE:
            return f"Create the group “{self.name}”"
        if self.verb is GroupVerb.RENAME:
            return f"Rename the group “{self.name}” to “{self.new_name}”"
        return f"Delete the group “{self.name}”"


def clean_name(given: str) -> str:
    """Return a name for a group. Raise Refused if it is empty, too long, or can't be displayed."""
    name = text.clean(given)
    if not name or not search_text.fold(name):
        raise Refused("Enter the name of a group.")
    if len(name) > LONGEST:
        raise Refused(f"The name is longer than {LONGEST} characters.")
    if not text.without_joiners(name).isprintable():
        raise Refused("The name contains characters that can't be displayed.")
    return name
