"""The contact-notes resource: notes about contacts."""

from ..engine import relationships
from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import ActivityRule, Filter, Lookup, Ownership, Resource
from .rules.contact_references import ASSUMPTIONS, CONTACT

TYPES = 34


class NoteHooks(ResourceHooks):
    """Keeps a note with the owner of its contact."""

    def owner_changed(self, change: Change, previous: int) -> None:
        """Reject an owner other than the contact's, unless another contact is named too."""
        record = change.record
        if "contact" not in change.payload and record.one["contact"] is not None:
            named = {"id": record.one["contact"]}
            relationships.find(change.connection, CONTACT, record.organization, record.owner, named)


CONTACT_NOTES = Resource(
    path="contact-notes",
    scope="leadInteraction",
    first_id=20_001,
    ownership=Ownership.HIDDEN_FROM_USER,
    shows_times=False,
    fields=(
        Field(
            "is_private", FieldType.BOOLEAN, assignable=False, shown=False, default=False, column=Column.PLAIN
        ),
        Field("note", column=Column.PLAIN),
        Field("title", column=Column.PLAIN, indexed=True),
        Field("type_id", choices=tuple(str(number) for number in range(1, TYPES + 1)), column=Column.PLAIN),
    ),
    relationships=(CONTACT,),
    required=("title", "note", "type_id", "contact"),
    activity=ActivityRule("Note", contact="contact", title="title", notes="note"),
    filters=(
        Filter("created_on_start", Lookup.GTE, "created"),
        Filter("created_on_end", Lookup.LTE, "created"),
        Filter("title", Lookup.EXACT, "title"),
        Filter("notes", Lookup.EXACT, "note"),
        Filter("is_private", Lookup.EXACT, "is_private"),
        Filter("type_id", Lookup.EXACT, "type_id"),
        Filter("title_contains", Lookup.CONTAINS, "title"),
        Filter("notes_contains", Lookup.CONTAINS, "note"),
    ),
    ignored=("outcome",),
    webhook_item="CONTACT_NOTE",
    hooks=NoteHooks,
    assumptions=(
        *ASSUMPTIONS,
        "No note is private, because nothing documents how to make one private.",
        "Giving a note another owner than its contact's returns 422.",
        "A type that is not in the published list returns 422.",
    ),
)
