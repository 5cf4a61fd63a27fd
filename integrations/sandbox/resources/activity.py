"""The activity resource: what happened to contacts, written by everything that happens and only read."""

from ..engine.schema.resource import Column, Field, Filter, Kind, Ownership, Relationship, Resource, Test

ACTIVITY = Resource(
    path="activity",
    scope="leadInteraction",
    first_id=60_001,
    methods=frozenset({"list", "get"}),
    ownership=Ownership.SHOWN_TO_USER,
    time_names=("created_at", ""),
    fields=(
        Field("contact_id", Kind.NUMBER, column=Column.PLAIN, indexed=True),
        Field("details"),
        Field("note_id", Kind.NUMBER),
        Field("notes"),
        Field("owner_id", Kind.NUMBER),
        Field("title"),
        Field("type", column=Column.PLAIN),
    ),
    relationships=(Relationship("contact", "contacts", shows=(), settable=("id",), cascades=True),),
    filters=(
        Filter("internal_created_at_start", Test.FROM, "created"),
        Filter("internal_created_at_end", Test.UNTIL, "created"),
        Filter("contact_id", Test.EQUALS, "contact_id"),
        Filter("type", Test.EQUALS, "type"),
        Filter("owner_id", Test.OWNER, by="id"),
    ),
    guesses=(
        "Activity needs the scope leadInteraction, and what belongs to a contact goes with it.",
        "What becomes activity, and of which type: new contacts, notes, survey responses, insights, loans, leads"
        " and lead opportunities, and e-mails of campaigns.",
    ),
)
