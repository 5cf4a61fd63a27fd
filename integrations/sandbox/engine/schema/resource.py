"""The vocabulary in which a resource of the API is described: fields, relationships, identities, filters,
access.

A resource is one `Resource` value. The engine (`verbs`, `listing`, `records`, `rendering`) reads nothing
else; code is written only where the vendor's behaviour differs, as a subclass of `hooks.ResourceHooks`.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .hooks import ResourceHooks


class FieldType(enum.Enum):
    """How a value is read on the way in and shown on the way out."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"  # "True", "False", 1, 0, true, false; shown as true or false
    DATE = "date"  # shown as YYYY-MM-DD whatever time was sent
    DATETIME = "datetime"  # YYYY-MM-DD hh:mm:ss, UTC
    BIRTHDAY = "birthday"  # a day whose year is always 1970
    TIMESTAMP = "timestamp"  # a moment shown as 2026-01-31T09:00:00.000000Z, set by the server only
    ANY = "any"


class Column(enum.Enum):
    """Whether an attribute also has a column of its own, to be filtered and looked up by."""

    NONE = "none"
    PLAIN = "plain"
    DIGITS = "digits"  # telephone numbers compare by their digits


@dataclass(frozen=True)
class Field:
    """One attribute.

    `assignable`: a client may set it. `fixed`: only when the record is created. `shown`: it appears in
    answers. `choices`: the only values accepted, when there are any. `indexed`: its column has an index.
    """

    name: str
    type: FieldType = FieldType.TEXT
    assignable: bool = True
    fixed: bool = False
    shown: bool = True
    default: object = None
    choices: tuple[str, ...] = ()
    column: Column = Column.NONE
    indexed: bool = False


@dataclass(frozen=True)
class Section:
    """An object inside a record, e.g. `preferences`: what is sent is merged into what is there."""

    name: str
    fields: tuple[Field, ...]
    always_shown: bool = True

    def defaults(self) -> dict[str, Any]:
        """Its properties, at their defaults."""
        return {field.name: field.default for field in self.fields}


@dataclass(frozen=True)
class Items:
    """A list of objects inside a record, e.g. `licenses`: sending one adds it, or replaces the one with the
    same key.

    `keys` names the fields that identify an item; `removed_by` the property that removes items; an item whose
    `value_field` is sent as null is removed.
    """

    name: str
    fields: tuple[Field, ...]
    keys: tuple[str, ...]
    removed_by: str = ""
    value_field: str = ""
    always_shown: bool = False


@dataclass(frozen=True)
class Relationship:
    """A reference to records of another resource.

    `settable`: the fields by which a client may name the target. `same_owner`: only targets of the record's
    owner count, so a name that several owners use resolves. `removed_by`: the property that takes targets
    away (to-many only). `creates`: a full record may be sent in the target's place, and is created, or updated
    where it is a duplicate; see `embedded`. `deleted_with_target`: the record is deleted with its target (to-one only).
    `protects_target`: a target can't be deleted while it is named. `stamped`: the property that tells since when a
    target is linked (to-many only). `by_identity`: a target may also be named by what would make another record
    its duplicate, and must agree with all that is given. Without `shows` answers do not tell the target.
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
    """A set of fields by which two records of one owner (or one organization) are the same.

    With `items`, the fields are those of each item of that list, and one shared item is enough.
    """

    fields: tuple[str, ...]
    items: str = ""


class Lookup(enum.Enum):
    """What a filter compares."""

    EXACT = "exact"
    CONTAINS = "contains"
    GTE = "gte"
    LTE = "lte"
    OWNER = "owner"
    TO_MANY = "to_many"
    ARCHIVED = "archived"
    TO_ONE = "to_one"  # of one of the to-one relationships named in `on`, by its attribute `by`
    ROLE = "role"  # the name of a to-one relationship that has a target; `on` lists those that count
    LINKED_GTE = "linked_gte"  # since when a stamped relationship's target is linked
    LINKED_LTE = "linked_lte"


@dataclass(frozen=True)
class Filter:
    """One name usable in `filter=`: what it tests, and on which attribute (dotted inside sections) or
    relationship. `needs` names another filter without which this one is refused.
    """

    name: str
    lookup: Lookup
    on: str = ""
    by: str = ""
    needs: str = ""


@dataclass(frozen=True)
class ActivityRule:
    """What a new record adds to the activity of a contact: the type of the activity, the attributes that become
    its title and notes, and the relationship that names the contact, empty where it is the record itself.
    """

    type: str
    contact: str = ""
    title: str = ""
    notes: str = ""


class Ownership(enum.Enum):
    """Whether records belong to a user, and whether that user is told so."""

    NONE = "none"
    HIDDEN_FROM_USER = "owner is shown to admins only"
    SHOWN_TO_USER = "owner is shown to everyone"


ALL_METHODS = frozenset({"list", "get", "create", "update", "delete"})
"""What most resources can do. Contacts can also `match`: change the one that what is sent would duplicate."""


@dataclass(frozen=True)
class Resource:
    """Everything the engine has to know about one resource of the API.

    `path` below /v1; `first_id` where its numbers start; `required` and `required_one_of` what creation
    needs; `owner_optional` whether a record may belong to nobody; `time_names` how the times of creation and
    change are called, empty for one that is not shown; `sequence` whose numbers
    its records take, its own if empty; `text_id` whether an id is shown as text;
    `hex_digits` how many hexadecimal digits an id has, if it is no number; `update_returns_id` whether an update
    answers like a creation instead of with an empty list;
    `webhook_item` what webhooks call its records, empty where nobody can be told of their changes, and
    `webhook_updates_only` whether a new one is told as an update, too;
    `large` whether there may be hundreds of thousands, so that lists need a `catalogue`; `guesses`
    sentences for the README about what the vendor does not document.
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
    sortable: bool = True
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
        """Attributes that have a column."""
        return tuple(field for field in self.fields if field.column is not Column.NONE)

    @property
    def to_one(self) -> tuple[Relationship, ...]:
        """Relationships with at most one target."""
        return tuple(relationship for relationship in self.relationships if not relationship.many)

    @property
    def to_many(self) -> tuple[Relationship, ...]:
        """Relationships with any number of targets."""
        return tuple(relationship for relationship in self.relationships if relationship.many)

    @property
    def owned(self) -> bool:
        """Whether its records belong to a user."""
        return self.ownership is not Ownership.NONE

    def defaults(self) -> dict[str, Any]:
        """The shown attributes of a new record, at their defaults."""
        attributes: dict[str, Any] = {field.name: field.default for field in self.fields if field.shown}
        for section in self.sections:
            if section.always_shown:
                attributes[section.name] = section.defaults()
        return attributes | {items.name: [] for items in self.items if items.always_shown}

    def field(self, name: str) -> Field | None:
        """The attribute of this name, if there is one."""
        return self._fields_by_name.get(name)

    @functools.cached_property
    def _fields_by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}


USER_SHOWN_FIELDS = ("email", "external_id", "id", "username")
USER_KEY_FIELDS = ("username", "id", "external_id", "email")
OWNER = Relationship("owner", "users", shown_fields=USER_SHOWN_FIELDS, key_fields=USER_KEY_FIELDS)


def link_table(resource: Resource, relationship: Relationship) -> str:
    """The table that holds the targets of a to-many relationship."""
    return f"{resource.table}__{relationship.name}"
