"""How the resources that hang on a contact name it."""

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
