"""What a plan does to each contact: add to groups, remove from groups, set or clear fields.

Groups are named, not numbered: each owner has groups of their own, and several owners have groups of the same name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from portal.core import text
from portal.core.errors import Refused

#: The fields that can be set, with their labels and longest values.
FIELDS: dict[str, tuple[str, int]] = {
    "nickname": ("Nickname", 120),
    "title": ("Title", 60),
    "suffix": ("Suffix", 60),
    "source": ("Source", 120),
    "phone_cell": ("Cell phone", 30),
    "phone_home": ("Home phone", 30),
    "phone_office": ("Office phone", 30),
    "address": ("Street", 200),
    "address_2": ("Street, line 2", 200),
    "city": ("City", 120),
    "state": ("State", 60),
    "zip_code": ("ZIP code", 20),
    "employer_name": ("Employer", 200),
    "employer_city": ("Employer city", 120),
    "employer_state": ("Employer state", 60),
    "license_number": ("License number", 60),
    "referred_by": ("Referred by", 120),
    "referred_to": ("Referred to", 120),
    "linkedin_url": ("LinkedIn", 300),
    "website_url": ("Website", 300),
    "other_url": ("Other website", 300),
}
#: Total Expert refuses a contact without a source.
NOT_CLEARABLE = {"source"}
MAX_GROUPS = 20


@dataclass(frozen=True)
class Operations:
    """Everything that a plan does. ``fields`` has the value of each field to set; an empty value clears it."""

    add_groups: tuple[str, ...] = ()
    remove_groups: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def checked(
        cls,
        *,
        add_groups: Iterable[str] = (),
        remove_groups: Iterable[str] = (),
        fields: Mapping[str, str] | None = None,
    ) -> Self:
        """Return cleaned operations. Raise Refused if they are empty, contradict each other or can't be stored."""
        added, removed = _names(add_groups), _names(remove_groups)
        both = {folded(name) for name in added} & {folded(name) for name in removed}
        if both:
            name = next(name for name in added if folded(name) in both)
            raise Refused(f"“{name}” is both to be added and to be removed. Choose one.")
        values = {name: _value(name, given) for name, given in (fields or {}).items()}
        if not (added or removed or values):
            raise Refused("Choose at least one change.")
        return cls(added, removed, values)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the operations that `to_json` wrote."""
        return cls(
            tuple(stored.get("add_groups", ())),
            tuple(stored.get("remove_groups", ())),
            dict(stored.get("fields", {})),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "add_groups": list(self.add_groups),
            "remove_groups": list(self.remove_groups),
            "fields": dict(self.fields),
        }

    @property
    def group_names(self) -> tuple[str, ...]:
        return (*self.add_groups, *self.remove_groups)

    def sentences(self) -> list[str]:
        """Return what it does, one sentence for each kind of change."""
        found = []
        if self.add_groups:
            found.append(f"Add to {_listed(self.add_groups)}")
        if self.remove_groups:
            found.append(f"Remove from {_listed(self.remove_groups)}")
        for name, value in self.fields.items():
            label = FIELDS[name][0]
            found.append(f"Set {label} to “{value}”" if value else f"Clear {label}")
        return found


def folded(name: str) -> str:
    """Return a group's name as names are compared."""
    return text.clean(name).casefold()


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    cleaned = {folded(name): text.clean(name) for name in given if text.clean(name)}
    if len(cleaned) > MAX_GROUPS:
        raise Refused(f"Choose at most {MAX_GROUPS} groups at a time.")
    return tuple(cleaned.values())


def _value(name: str, given: str) -> str:
    if name not in FIELDS:
        raise Refused(f"“{name}” is not a field that can be changed here.")
    label, longest = FIELDS[name]
    value = text.clean(given)
    if len(value) > longest:
        raise Refused(f"{label} is longer than {longest} characters.")
    if not text.without_joiners(value).isprintable():
        raise Refused(f"{label} contains characters that can't be displayed.")
    if not value and name in NOT_CLEARABLE:
        raise Refused(f"{label} can't be cleared: Total Expert requires it.")
    return value
