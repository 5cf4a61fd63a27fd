"""How records name other records: by a few of their properties."""

from dataclasses import dataclass

from .record import Record, TextId


@dataclass(frozen=True, repr=False)
class Reference(Record):
    """A user as other records name them: an owner, an assignee. Any of these may be missing."""

    id: int | None
    username: str
    email: str
    external_id: str


@dataclass(frozen=True, repr=False)
class ContactReference(Record):
    """A contact as other records name it."""

    id: int


@dataclass(frozen=True, repr=False)
class GroupReference(Record):
    """A group as a contact names it."""

    id: int | None
    group_name: str


@dataclass(frozen=True, repr=False)
class ExternalId(Record):
    """A contact's name in another system."""

    source: str
    external_id: str


@dataclass(frozen=True, repr=False)
class AccountClass(Record):
    """What kind of loan or account something is of; `class_type` is LOAN or ACCOUNT."""

    id: int | None
    class_name: str
    class_type: str


@dataclass(frozen=True, repr=False)
class EntityReference(Record):
    """An entity or a contact at one end of a relationship."""

    id: TextId


@dataclass(frozen=True, repr=False)
class RelatedEntities(Record):
    """Records related in one way: the children of an entity, or the parents of a contact."""

    relationship_type: str
    children: tuple[EntityReference, ...]
    parent: tuple[EntityReference, ...]

    PLACES = {"relationship_type": ("relationship_type", "system_name")}
