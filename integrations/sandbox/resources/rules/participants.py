"""How a loan or account names the contacts that take part in it."""

from ...engine.schema.resource import Relationship

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
