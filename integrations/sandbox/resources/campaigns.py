"""The campaigns resource: marketing campaigns of an outside system."""

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.resource import Filter, Identity, Lookup, Resource

HEX_DIGITS = 32

CAMPAIGNS = Resource(
    path="campaigns",
    scope="leadInteraction",
    first_id=41,
    hex_digits=HEX_DIGITS,
    methods=frozenset({"list", "get", "create"}),
    time_names=("internal_created_at", ""),
    fields=(
        Field("archived", FieldType.BOOLEAN, default=False),
        Field("end_date", FieldType.DATETIME, column=Column.PLAIN),
        Field("name", column=Column.PLAIN, indexed=True),
        Field("start_date", FieldType.DATETIME, column=Column.PLAIN),
        Field("visible", FieldType.BOOLEAN, default=True),
    ),
    required=("name",),
    identities=(Identity(("name",)),),
    filters=(
        Filter("start_date_start", Lookup.GTE, "start_date"),
        Filter("start_date_end", Lookup.LTE, "start_date"),
        Filter("end_date_start", Lookup.GTE, "end_date"),
        Filter("end_date_end", Lookup.LTE, "end_date"),
    ),
    assumptions=(
        "The shape of responses follows the table of attributes. Ids have 32 digits, as in the example of a"
        " campaign's activity.",
        "A new campaign is visible and not archived. It sends nothing: the emails in the outbox come from groups,"
        " surveys and insights.",
    ),
)
