"""Which contacts belong to which entity, and as what: shown on both sides, without an address of its own."""

from ..engine.schema.resource import Relationship, Resource

ENTITY_MEMBERS = Resource(
    path="entity-members",
    scope="leadInteraction",
    first_id=1,
    methods=frozenset(),
    shows_times=False,
    fields=(),
    relationships=(
        Relationship("entity", "entities", shows=("id",), settable=("id",), cascades=True),
        Relationship("contact", "contacts", shows=("id",), settable=("id",), cascades=True),
        Relationship(
            "relationship_type",
            "entity-relationship-types",
            shows=("system_name",),
            settable=("system_name",),
        ),
    ),
)
