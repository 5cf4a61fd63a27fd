"""The insight-types resource: kinds of insights, which the vendor makes for an integration."""

from ..engine.schema.resource import Column, Field, Filter, Kind, Resource, Test

INSIGHT_TYPES = Resource(
    path="insight-types",
    scope="leadInteraction",
    first_id=71,
    methods=frozenset({"list"}),
    fields=(
        Field("description"),
        Field("expiration_interval", Kind.NUMBER),
        Field("type", column=Column.PLAIN, indexed=True),
    ),
    filters=(Filter("type", Test.EQUALS, "type"),),
    guesses=(
        "No example of an insight or its type is published: their shapes follow the tables of attributes.",
    ),
)
