"""The activity resource: what happened to contacts. Read-only."""

from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.resource import Filter, Lookup, Ownership, Relationship, Resource

ACTIVITY = Resource(
    path="activity",
    scope="leadInteraction",
    first_id=60_001,
    methods=frozenset({"list", "get"}),
    ownership=Ownership.SHOWN_TO_USER,
    time_names=("created_at", ""),
    fields=(
        Field("contact_id", FieldType.NUMBER, column=Column.PLAIN, indexed=True),
        Field("details"),
        Field("note_id", FieldType.NUMBER),
        Field("notes"),
        Field("owner_id", FieldType.NUMBER),
        Field("title"),
        Field("type", column=Column.PLAIN),
    ),
    relationships=(
        Relationship("contact", "contacts", shown_fields=(), key_fields=("id",), deleted_with_target=True),
    ),
    filters=(
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("contact_id", Lookup.EXACT, "contact_id"),
        Filter("type", Lookup.EXACT, "type"),
        Filter("owner_id", Lookup.OWNER, by="id"),
    ),
    assumptions=(
        "Activities need the scope leadInteraction and are deleted with their contact.",
        "Which events become activities, and of which type: new contacts, notes, survey responses, insights, loans,"
        " leads and lead opportunities, and campaign emails.",
    ),
)
