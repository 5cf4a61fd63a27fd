"""The entity-relationship-types resource: how contacts belong to an entity, for admins to read."""

from ..engine.schema.resource import Column, Field, Kind, Resource

ENTITY_RELATIONSHIP_TYPES = Resource(
    path="entity-relationship-types",
    scope="leadInteraction",
    first_id=81,
    methods=frozenset({"list"}),
    admin_only=True,
    shows_times=False,
    fields=(
        Field("display_name"),
        Field("is_discrete", Kind.FLAG, column=Column.PLAIN),
        Field("system_name", column=Column.PLAIN),
    ),
    guesses=("Attributes of a relationship type: id, system_name, display_name, is_discrete.",),
)
