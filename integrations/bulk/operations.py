"""What a plan does to each contact: groups, fields, custom fields, the owner, or deleting it.

Groups are named, not numbered: each owner has groups of their own, and several owners have groups of the same name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from integrations.bulk.fields import FIELDS, Field, Kind, Value, grants_consent
from portal.core import search_text, text
from portal.core.errors import Refused

MAX_GROUPS = 20
#: The longest text to find, to replace it with, and to store in a custom field.
LONGEST = 300


@dataclass(frozen=True)
class Replacement:
    """Replaces a text wherever it occurs in a field. Upper and lower case count."""

    field: str
    find: str
    replace: str


@dataclass(frozen=True)
class Operations:
    """Everything that a plan does to each contact.

    ``fields`` and ``custom`` have the value of each field to set; an empty text or None clears it. ``groups`` replaces all
    groups, if it is not None. ``owner`` is the remote id of the new owner.
    """

    add_groups: tuple[str, ...] = ()
    remove_groups: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    fields: Mapping[str, Value] = field(default_factory=dict)
    custom: Mapping[str, str | None] = field(default_factory=dict)
    replacements: tuple[Replacement, ...] = ()
    owner: int | None = None
    delete: bool = False

    @classmethod
    def checked(
        cls,
        *,
        add_groups: Iterable[str] = (),
        remove_groups: Iterable[str] = (),
        groups: Iterable[str] | None = None,
        fields: Mapping[str, str] | None = None,
        custom: Mapping[str, str] | None = None,
        replacements: Iterable[Replacement] = (),
        owner: int | None = None,
        delete: bool = False,
    ) -> Self:
        """Return cleaned operations. Raise Refused if they are empty, contradict each other or can't be stored.

        An empty text clears a field.
        """
        made = cls(
            _names(add_groups),
            _names(remove_groups),
            None if groups is None else _names(groups),
            {name: _field(name).clean(given) for name, given in (fields or {}).items()},
            {name: _custom(name, given) for name, given in (custom or {}).items()},
            tuple(_replacement(each) for each in replacements),
            owner,
            delete,
        )
        made._require_sense()
        return made

    def _require_sense(self) -> None:
        added, removed = ({fold(name) for name in names} for names in (self.add_groups, self.remove_groups))
        if both := added & removed:
            name = next(name for name in self.add_groups if fold(name) in both)
            raise Refused(f"“{name}” is both to be added and to be removed. Choose one.")
        if self.groups is not None and (added or removed):
            raise Refused("Either replace all groups, or add and remove some. Choose one.")
        if twice := [each for each in self.replacements if each.field in self.fields]:
            raise Refused(f"{FIELDS[twice[0].field].label} is both to be set and to be searched. Choose one.")
        named = [each.field for each in self.replacements]
        if len(named) > len(set(named)):
            raise Refused("A field can be searched only once in an edit.")
        if self.owner is not None and (self.delete or self._changes_values):
            raise Refused("Change the owner in an edit of its own, because groups belong to owners.")
        if self.delete and self._changes_values:
            raise Refused("Contacts that are deleted can't be changed as well. Choose one.")
        if not (self.delete or self.owner is not None or self._changes_values):
            raise Refused("Choose at least one change.")

    @property
    def _changes_values(self) -> bool:
        lists = (self.add_groups, self.remove_groups, self.fields, self.custom, self.replacements)
        return self.groups is not None or any(lists)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the operations that `to_json` wrote."""
        given = dict(stored)
        for name in ("add_groups", "remove_groups", "groups"):
            if given.get(name) is not None:
                given[name] = tuple(given[name])
        given["replacements"] = tuple(Replacement(**each) for each in given.get("replacements", ()))
        return cls(**given)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def group_names(self) -> tuple[str, ...]:
        return (*self.add_groups, *self.remove_groups, *(self.groups or ()))

    @property
    def joined_groups(self) -> tuple[str, ...]:
        """Return the names of the groups that contacts may join."""
        return (*self.add_groups, *(self.groups or ()))

    @property
    def grants_consent(self) -> bool:
        """Return whether it may let people be contacted in more ways."""
        return grants_consent(self.fields)

    def sentences(self) -> list[str]:
        """Return what it does, one sentence for each kind of change."""
        found = []
        if self.add_groups:
            found.append(f"Add to {_listed(self.add_groups)}")
        if self.remove_groups:
            found.append(f"Remove from {_listed(self.remove_groups)}")
        if self.groups is not None:
            found.append(
                f"Replace all groups with {_listed(self.groups)}" if self.groups else "Remove from all groups"
            )
        for name, value in self.fields.items():
            known = FIELDS[name]
            found.append(
                f"Clear {known.label}"
                if value in (None, "")
                else f"Set {known.label} to “{known.shown(value)}”"
            )
        for name, text_ in self.custom.items():
            found.append(f"Clear “{name}”" if text_ is None else f"Set “{name}” to “{text_}”")
        for each in self.replacements:
            found.append(f"Replace “{each.find}” with “{each.replace}” in {FIELDS[each.field].label}")
        if self.owner is not None:
            found.append("Give to another owner")
        if self.delete:
            found.append("Delete")
        return found


def fold(name: str) -> str:
    """Return a group's name in the form in which names are compared."""
    return search_text.fold(name)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _names(given: Iterable[str]) -> tuple[str, ...]:
    cleaned = {fold(name): text.clean(name) for name in given if text.clean(name)}
    if len(cleaned) > MAX_GROUPS:
        raise Refused(f"Choose at most {MAX_GROUPS} groups at a time.")
    return tuple(cleaned.values())


def _field(name: str) -> Field:
    if name not in FIELDS:
        raise Refused(f"“{name}” is not a field that can be changed here.")
    return FIELDS[name]


def _custom(name: str, given: str) -> str | None:
    value = text.clean(given)
    if len(value) > LONGEST or not text.without_joiners(value).isprintable():
        raise Refused(
            f"“{name}” is longer than {LONGEST} characters or contains some that can't be displayed."
        )
    return value or None


def _replacement(given: Replacement) -> Replacement:
    field_, find, new = _field(given.field), text.visible(given.find), text.visible(given.replace)
    if field_.kind in (Kind.FLAG, Kind.CHOICE, Kind.DATE, Kind.BIRTHDAY):
        raise Refused(f"{field_.label} has no text to search.")
    if not find:
        raise Refused("Enter the text to find.")
    if max(len(find), len(new)) > LONGEST:
        raise Refused(f"The text is longer than {LONGEST} characters.")
    return Replacement(field_.name, find, new)
