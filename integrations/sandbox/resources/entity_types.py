"""What kinds of entities there are, e.g. households: named by entities, without an address of its own."""

from ..engine.schema.resource import Column, Field, Resource

ENTITY_TYPES = Resource(
    path="entity-types",
    scope="leadInteraction",
    first_id=71,
    methods=frozenset(),
    shows_times=False,
    fields=(Field("display_name"), Field("system_name", column=Column.PLAIN)),
)
