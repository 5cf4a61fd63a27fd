"""How other resources refer to contacts."""

from ...engine.schema.resource import Relationship

CONTACT = Relationship(
    "contact", "contacts", shows=("id",), settable=("id",), within_owner=True, by_identity=True
)
"""A contact of the record's owner, by id or by what makes a contact unique."""

GUESSES = (
    "A contact may be named by id or by a combination that makes contacts unique; it must be in the owner's book"
    " and agree with everything else that is given about it, or the request answers 422.",
    "It stays when its contact is deleted, and then shows no contact; when its contact gets another owner, it"
    " stays with the old one.",
)


CONTACT_SHOWS = ("email", "external_id", "first_name", "id", "last_name")


def participant(role: str) -> Relationship:
    """The contact in one role: an existing one of the owner's book, or one to be created there."""
    return Relationship(
        role,
        "contacts",
        shows=CONTACT_SHOWS,
        settable=("id", "external_id", "email"),
        within_owner=True,
        creates=True,
        restricts=True,
        always_shown=True,
    )
