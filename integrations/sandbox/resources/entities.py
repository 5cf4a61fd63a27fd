"""Entities: households and companies, their types and members."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, Organization, ResourceHooks
from ..engine.schema.resource import Identity, Ownership, Relationship, Resource
from .rules import custom_values, entity_members

ENTITY_TYPES = Resource(
    path="entity-types",
    scope="leadInteraction",
    first_id=71,
    methods=frozenset(),
    shows_times=False,
    fields=(Field("display_name"), Field("system_name", column=Column.PLAIN)),
)


ENTITY_RELATIONSHIP_TYPES = Resource(
    path="entity-relationship-types",
    scope="leadInteraction",
    first_id=81,
    methods=frozenset({"list"}),
    admin_only=True,
    shows_times=False,
    fields=(
        Field("display_name"),
        Field("is_discrete", FieldType.BOOLEAN, column=Column.PLAIN),
        Field("system_name", column=Column.PLAIN),
    ),
    assumptions=("Attributes of a relationship type: id, system_name, display_name, is_discrete.",),
)


ENTITY_MEMBERS = Resource(
    path="entity-members",
    scope="leadInteraction",
    first_id=1,
    methods=frozenset(),
    shows_times=False,
    fields=(),
    relationships=(
        Relationship(
            "entity", "entities", shown_fields=("id",), key_fields=("id",), deleted_with_target=True
        ),
        Relationship(
            "contact", "contacts", shown_fields=("id",), key_fields=("id",), deleted_with_target=True
        ),
        Relationship(
            "relationship_type",
            "entity-relationship-types",
            shown_fields=("system_name",),
            key_fields=("system_name",),
        ),
    ),
)


class EntityHooks(ResourceHooks):
    """Rules of entities."""

    def clean(self, change: Change) -> None:
        """Check the custom values."""
        custom_values.check(change, "entity")

    def after_save(self, change: Change) -> None:
        """Add and remove the contacts that belong to the entity."""
        entity_members.update_children(change)

    def computed_attributes(
        self, connection: sqlite3.Connection, organization: Organization, ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """Return the contacts of each entity by type of relationship."""
        return entity_members.children_of(connection, ids)


ENTITIES = Resource(
    path="entities",
    scope="leadInteraction",
    first_id=40_001,
    admin_only=True,
    ownership=Ownership.HIDDEN_FROM_USER,
    owner_optional=True,
    text_id=True,
    fields=(
        *(Field(name) for name in ("address", "address_2", "city", "phone", "state", "zip_code")),
        Field("entity_name", column=Column.PLAIN),
        Field("external_id", column=Column.PLAIN, indexed=True),
    ),
    items=(custom_values.CUSTOM,),
    relationships=(
        Relationship(
            "entity_type",
            "entity-types",
            shown_fields=("system_name",),
            key_fields=("system_name",),
            always_shown=True,
        ),
    ),
    required=("entity_name",),
    identities=(Identity(("external_id",)),),
    assumptions=(
        "Entities need the scope leadInteraction and a name.",
        "An entity's id is a string, but a number in the response to its creation.",
        "An entity without an owner can name contacts of any owner by id, external id or email address. To create"
        " contacts it needs an owner.",
        "`related_entities` lists the contacts' ids, names and addresses by type of relationship.",
        "A second contact in a discrete relationship returns 422.",
        "A known external id makes the entity a duplicate.",
    ),
    hooks=EntityHooks,
)
