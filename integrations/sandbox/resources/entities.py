"""The entities resource: households and companies, with the contacts that belong to them; for admins only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from ..engine.schema.hooks import Behaviour, Change, Organization
from ..engine.schema.resource import Column, Field, Identity, Ownership, Relationship, Resource
from .rules import custom_values, entity_members


class EntityBehaviour(Behaviour):
    """An entity's contacts come, go and are shown by how they are related to it."""

    def complete(self, change: Change) -> None:
        """Check the custom values."""
        custom_values.check(change, "entity")

    def after_write(self, change: Change) -> None:
        """Relate the contacts that were sent, and part with those to be removed."""
        entity_members.relate_children(change)

    def computed(
        self, connection: sqlite3.Connection, organization: Organization, ids: Sequence[int]
    ) -> dict[int, dict[str, Any]]:
        """The contacts of each entity, by how they are related to it."""
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
            shows=("system_name",),
            settable=("system_name",),
            always_shown=True,
        ),
    ),
    required=("entity_name",),
    identities=(Identity(("external_id",)),),
    guesses=(
        "Entities need the scope leadInteraction, a name, and nothing else.",
        "The id of an entity is a text when it is read, and a number in the answer to its creation.",
        "An entity without owner may name contacts of any owner by id, external id or e-mail address; to"
        " create contacts it needs an owner.",
        "`related_entities` lists per type of relationship the contacts' ids, names and addresses.",
        "A second contact in a discrete relationship answers 422.",
        "An external id that is known answers duplicate.",
    ),
    behaviour=EntityBehaviour,
)
