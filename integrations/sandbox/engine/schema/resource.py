"""Resources: what the engine knows about each one.

A resource is one `Resource` value. Code is needed only where Total Expert's rules are special: in a subclass of
`hooks.ResourceHooks`.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .fields import Column, Field, Items, Section
from .hooks import ResourceHooks


@dataclass(frozen=True)
class Relationship:
    """A reference to records of another resource.

    - `shown_fields`: what responses show of a target. Without any, they don't show the target.
    - `key_fields`: the fields by which clients may name a target.
    - `many`: it can have several targets (to-many).
    - `same_owner`: only targets of the record's owner are found, so that a name which several owners use is unique.
    - `removed_by`: the property that removes targets (to-many only).
    - `allows_nested`: clients may send a full record instead of naming a target; see `nested_records`.
    - `deleted_with_target`: the record is deleted with its target (to-one only).
    - `protects_target`: a target can't be deleted while the record refers to it.
    - `linked_at`: the property that shows since when a target is linked (to-many only).
    - `by_identity`: clients may also name a target by what would make another record its duplicate. The target must
      agree with everything that is sent about it.
    """

    name: str
    target: str
    shown_fields: tuple[str, ...]
    key_fields: tuple[str, ...]
    many: bool = False
    same_owner: bool = False
    removed_by: str = ""
    always_shown: bool = False
    allows_nested: bool = False
    deleted_with_target: bool = False
    protects_target: bool = False
    linked_at: str = ""
    by_identity: bool = False


@dataclass(frozen=True)
class Identity:
    """A set of fields. Two records of one owner (or one organization) that agree in all of them are duplicates.

    With `items`, these are fields of the items in that list, and one common item is enough.
    """

    fields: tuple[str, ...]
    items: str = ""


class Lookup(enum.Enum):
    """What a filter compares."""

    EXACT = "exact"
    CONTAINS = "contains"
    GTE = "gte"
    LTE = "lte"
    OWNER = "owner"  # the attribute `by` of the owner
    TO_MANY = "to_many"  # the attribute `by` of a target of the to-many relationship `on`
    ARCHIVED = "archived"
    TO_ONE = "to_one"  # the attribute `by` of a target of the to-one relationships in `on`
    ROLE = "role"  # the name of a to-one relationship in `on` that has a target
    LINKED_GTE = "linked_gte"  # since when a target is linked
    LINKED_LTE = "linked_lte"


@dataclass(frozen=True)
class Filter:
    """A name that lists can be filtered by.

    `on` is an attribute (dotted inside sections) or a relationship, `by` an attribute of the relationship's target.
    `needs` names another filter without which this one is rejected.
    """

    name: str
    lookup: Lookup
    on: str = ""
    by: str = ""
    needs: str = ""


@dataclass(frozen=True)
class ActivityRule:
    """What a new record adds to a contact's activity feed.

    `contact` is the relationship that names the contact, empty if the record is the contact itself. `title` and
    `notes` are the attributes to copy.
    """

    type: str
    contact: str = ""
    title: str = ""
    notes: str = ""


class Ownership(enum.Enum):
    """Whether records belong to a user, and who sees the owner."""

    NONE = "none"
    HIDDEN_FROM_USER = "owner is shown to admins only"
    SHOWN_TO_USER = "owner is shown to everyone"


ALL_METHODS = frozenset({"list", "get", "create", "update", "delete"})
"""What most resources support. Contacts also support `match`: updating the record that the payload duplicates."""


@dataclass(frozen=True)
class Resource:
    """One resource of the API.

    - `path`: its URL below /v1.
    - `first_id`: where its ids start.
    - `sequence`: the path of the resource whose sequence of ids it shares, if any.
    - `text_id`, `hex_digits`: ids are shown as strings, or as this many hexadecimal digits.
    - `time_names`: the names of the times of creation and change. An empty name hides the time.
    - `update_returns_id`: an update responds like a creation, not with an empty list.
    - `owner_optional`: a record may belong to nobody.
    - `required`, `required_one_of`: what is needed to create a record.
    - `identities`: what makes two records duplicates. With `unique_on_update`, an update can't create a duplicate.
    - `ignored`: properties that are accepted and have no effect, for the README.
    - `assumptions`: what the vendor doesn't document, for the README.
    - `webhook_item`: its name in webhooks, empty if there are none. With `webhook_updates_only`, a new record is
      reported as an update.
    - `has_list_index`: there may be hundreds of thousands of records, so lists need a `ListIndex`.
    """

    path: str
    scope: str
    fields: tuple[Field, ...]
    first_id: int
    methods: frozenset[str] = ALL_METHODS
    admin_only: bool = False
    ownership: Ownership = Ownership.NONE
    shows_id: bool = True
    shows_times: bool = True
    time_names: tuple[str, str] = ("internal_created_at", "internal_updated_at")
    sequence: str = ""
    text_id: bool = False
    hex_digits: int = 0
    update_returns_id: bool = False
    owner_optional: bool = False
    sections: tuple[Section, ...] = ()
    items: tuple[Items, ...] = ()
    relationships: tuple[Relationship, ...] = ()
    required: tuple[str, ...] = ()
    required_one_of: tuple[tuple[str, ...], ...] = ()
    identities: tuple[Identity, ...] = ()
    unique_on_update: bool = False
    filters: tuple[Filter, ...] = ()
    ignored: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    webhook_item: str = ""
    webhook_updates_only: bool = False
    has_list_index: bool = False
    activity: ActivityRule | None = None
    hooks: Callable[[], ResourceHooks] | None = None

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.path.replace("/", "_").replace("-", "_")

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that have a column."""
        return tuple(field for field in self.fields if field.column is not Column.NONE)

    @property
    def to_one(self) -> tuple[Relationship, ...]:
        """The relationships with at most one target."""
        return tuple(relationship for relationship in self.relationships if not relationship.many)

    @property
    def to_many(self) -> tuple[Relationship, ...]:
        """The relationships with any number of targets."""
        return tuple(relationship for relationship in self.relationships if relationship.many)

    @property
    def owned(self) -> bool:
        """Whether its records belong to a user."""
        return self.ownership is not Ownership.NONE

    def defaults(self) -> dict[str, Any]:
        """Return the shown attributes of a new record with their default values."""
        attributes: dict[str, Any] = {field.name: field.default for field in self.fields if field.shown}
        for section in self.sections:
            if section.always_shown:
                attributes[section.name] = section.defaults()
        return attributes | {items.name: [] for items in self.items if items.always_shown}

    def field(self, name: str) -> Field | None:
        """Return the field with this name, or None."""
        return self._fields_by_name.get(name)

    @functools.cached_property
    def _fields_by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}


USER_SHOWN_FIELDS = ("email", "external_id", "id", "username")
USER_KEY_FIELDS = ("username", "id", "external_id", "email")
OWNER = Relationship("owner", "users", shown_fields=USER_SHOWN_FIELDS, key_fields=USER_KEY_FIELDS)


def link_table(resource: Resource, relationship: Relationship) -> str:
    """Return the name of the table that holds the targets of a to-many relationship."""
    return f"{resource.table}__{relationship.name}"
