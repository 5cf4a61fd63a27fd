"""Where lead opportunities come from: named by them, without an address of its own."""

from ..engine.schema.resource import Column, Field, Identity, Resource

LEAD_SOURCES = Resource(
    path="lead-sources",
    scope="leadOpportunitiesSalesPipelineInteraction",
    first_id=1,
    methods=frozenset(),
    shows_times=False,
    fields=(Field("display_name", column=Column.PLAIN),),
    identities=(Identity(("display_name",)),),
)
