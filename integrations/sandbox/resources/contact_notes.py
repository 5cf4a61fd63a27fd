"""The contact-notes resource: what somebody wrote about a contact."""

from ..engine import relationships
from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Filter, History, Kind, Ownership, Resource, Test
from .rules.contact_references import CONTACT, GUESSES

TYPES = 34


class NoteBehaviour(Behaviour):
    """A note is the contact's owner's."""

    def follow_owner(self, change: Change, previous: int) -> None:
        """Refuse another owner than the contact's, unless another contact is named, too."""
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
        Field("is_private", Kind.FLAG, assignable=False, shown=False, default=False, column=Column.PLAIN),
        Field("note", column=Column.PLAIN),
        Field("title", column=Column.PLAIN, indexed=True),
        Field("type_id", choices=tuple(str(number) for number in range(1, TYPES + 1)), column=Column.PLAIN),
    ),
    relationships=(CONTACT,),
    required=("title", "note", "type_id", "contact"),
    history=History("Note", contact="contact", title="title", notes="note"),
    filters=(
        Filter("created_on_start", Test.FROM, "created"),
        Filter("created_on_end", Test.UNTIL, "created"),
        Filter("title", Test.EQUALS, "title"),
        Filter("notes", Test.EQUALS, "note"),
        Filter("is_private", Test.EQUALS, "is_private"),
        Filter("type_id", Test.EQUALS, "type_id"),
        Filter("title_contains", Test.CONTAINS, "title"),
        Filter("notes_contains", Test.CONTAINS, "note"),
    ),
    ignored=("outcome",),
    webhook_item="CONTACT_NOTE",
    behaviour=NoteBehaviour,
    guesses=(
        *GUESSES,
        "No note is private: nothing documents how one would become so.",
        "Giving a note another owner than its contact's answers 422.",
        "A type that is not in the published list answers 422.",
    ),
)
