"""How other resources refer to contacts."""

from ...engine.schema.resource import Relationship

CONTACT = Relationship(
    "contact", "contacts", shown_fields=("id",), key_fields=("id",), same_owner=True, by_identity=True
)
"""A contact of the record's owner, named by id or by what makes a contact unique."""

ASSUMPTIONS = (
    "A contact is named by id or by a combination that makes contacts unique. It must belong to the owner and agree with"
    " everything else that is sent about it, or the request returns 422.",
    "It stays when its contact is deleted, and then shows no contact. When the contact gets another owner, it stays with"
    " the old one.",
)


CONTACT_SHOWN_FIELDS = ("email", "external_id", "first_name", "id", "last_name")


def participant(role: str) -> Relationship:
    """Return the relationship to the contact in one role: an existing contact of the owner, or a new one."""
    return Relationship(
        role,
        "contacts",
        shown_fields=CONTACT_SHOWN_FIELDS,
        key_fields=("id", "external_id", "email"),
        same_owner=True,
        allows_nested=True,
        protects_target=True,
        always_shown=True,
    )
