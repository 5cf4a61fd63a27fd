"""What a refused create says about groups that an organization requires."""

import re
from collections.abc import Iterable

from integrations.connections.models import Installation
from integrations.directory import required_groups
from integrations.directory.browse.required import groups_named
from integrations.total_expert import Rejected
from portal.core import search_text

#: The most names that are read from one error.
MOST = 12
_QUOTED = re.compile(r"""(?<!\w)'(.+?)'(?!\w)|"(.+?)"|“(.+?)”|‘(.+?)’|`(.+?)`""")
#: What errors quote that is no name of a group.
_PROPERTIES = {
    "contact",
    "contacts",
    "contact_group",
    "contact_groups",
    "group_name",
    "groups",
    "id",
    "owner",
}
_IS_ABOUT_GROUPS = re.compile(r"\bgroups?\b|contact_groups?", re.IGNORECASE)
_IS_ABOUT_LACKING = re.compile(
    r"\b(missing|required?s?|requires|must|mandatory|needs?|lacks?)\b", re.IGNORECASE
)


def suggest_groups(installation: Installation, errors: Iterable[Rejected]) -> None:
    """Suggest the groups that errors name as required. A person confirms or dismisses each."""
    messages = {str(reason) for error in errors for reason in (str(error), *error.reasons)}
    names = dict.fromkeys(name for message in sorted(messages) for name in group_names_in(message))
    for name in _known(installation, list(names)):
        required_groups.suggest(installation, name)


def group_names_in(message: str) -> list[str]:
    """Return the names of groups that an error says are missing, as far as it quotes them.

    The wording isn't documented: an error that speaks of groups and of something missing or required counts.
    """
    if not (_IS_ABOUT_GROUPS.search(message) and _IS_ABOUT_LACKING.search(message)):
        return []
    quoted = [next(filter(None, found.groups())).strip() for found in _QUOTED.finditer(message)]
    return [name for name in dict.fromkeys(quoted) if name and name not in _PROPERTIES][:MOST]


def _known(installation: Installation, names: list[str]) -> list[str]:
    """Return names, those with commas as several unless a group has such a name."""
    found: list[str] = []
    for name in names:
        parts = [part.strip(" '\"“”‘’`") for part in name.split(",")]
        is_one = len(parts) == 1 or groups_named(search_text.fold(name), installation).exists()
        found += [name] if is_one else [part for part in parts if part]
    return found
