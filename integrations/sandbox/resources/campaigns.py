"""The campaigns resource: marketing campaigns as an outside system counts them."""

from ..engine.schema.resource import Column, Field, Filter, Identity, Kind, Resource, Test

HEX_DIGITS = 32

CAMPAIGNS = Resource(
    path="campaigns",
    scope="leadInteraction",
    first_id=41,
    hex_digits=HEX_DIGITS,
    methods=frozenset({"list", "get", "create"}),
    time_names=("internal_created_at", ""),
    fields=(
        Field("archived", Kind.FLAG, default=False),
        Field("end_date", Kind.MOMENT, column=Column.PLAIN),
        Field("name", column=Column.PLAIN, indexed=True),
        Field("start_date", Kind.MOMENT, column=Column.PLAIN),
        Field("visible", Kind.FLAG, default=True),
    ),
    required=("name",),
    identities=(Identity(("name",)),),
    filters=(
        Filter("start_date_start", Test.FROM, "start_date"),
        Filter("start_date_end", Test.UNTIL, "start_date"),
        Filter("end_date_start", Test.FROM, "end_date"),
        Filter("end_date_end", Test.UNTIL, "end_date"),
    ),
    guesses=(
        "No example of an answer is published: the shape follows the table of attributes, ids have 32 digits as in"
        " the example of a campaign's activity.",
        "A new campaign is visible and not archived. It sends nothing: the e-mails of the outbox come from the"
        " automation that groups, surveys and insights start.",
    ),
)
