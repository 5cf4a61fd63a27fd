"""References from one record to another: a few of its properties."""

from dataclasses import dataclass

from .record import Record, TextId


@dataclass(frozen=True, repr=False)
class Reference(Record):
    """A reference to a user, such as an owner or assignee. Any of its attributes may be missing."""

    id: int | None
    username: str
    email: str
    external_id: str


@dataclass(frozen=True, repr=False)
class ContactReference(Record):
    """A reference to a contact."""

    id: int


@dataclass(frozen=True, repr=False)
class GroupReference(Record):
    """A reference to a contact group."""

    id: int | None
    group_name: str


@dataclass(frozen=True, repr=False)
class ExternalId(Record):
    """A contact's id in another system."""

    source: str
    external_id: str


@dataclass(frozen=True, repr=False)
class AccountClass(Record):
    """A reference to a class of loans or accounts. `class_type` is LOAN or ACCOUNT."""

    id: int | None
    class_name: str
    class_type: str


@dataclass(frozen=True, repr=False)
class EntityReference(Record):
    """A reference to an entity or contact in a relationship."""

    id: TextId


@dataclass(frozen=True, repr=False)
class RelatedEntities(Record):
    """Records with the same type of relationship: children of an entity, or parents of a contact."""

    relationship_type: str
    children: tuple[EntityReference, ...]
    parent: tuple[EntityReference, ...]

    JSON_PATHS = {"relationship_type": ("relationship_type", "system_name")}
