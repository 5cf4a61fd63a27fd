"""The contact-groups resource: names under which an owner collects contacts."""

from ..engine.responses import Refusal
from ..engine.schema.hooks import Behaviour, Change
from ..engine.schema.resource import Column, Field, Identity, Kind, Ownership, Resource


class GroupBehaviour(Behaviour):
    """A group stays where its contacts are."""

    def follow_owner(self, change: Change, previous: int) -> None:
        """Refuse to give a group to another owner: its contacts would show a group of another book."""
        raise Refusal(422, "A contact group cannot be given to another owner")


CONTACT_GROUPS = Resource(
    path="contact-groups",
    scope="leadInteraction",
    first_id=501,
    shows_times=False,
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        Field("group_name", column=Column.PLAIN, indexed=True),
        Field("user_editable", Kind.FLAG, default=True),
    ),
    required=("group_name",),
    identities=(Identity(("group_name",)),),
    unique_on_update=True,
    webhook_item="CONTACT_GROUP",
    behaviour=GroupBehaviour,
    guesses=(
        "Renaming a group to a name its owner already uses answers 422, as does giving it to another owner.",
        "Deleting a group takes its contacts out of it and changes nothing else about them.",
        "Renaming a group does not change `internal_updated_at` of its contacts.",
        "Contact groups have no filters; a filter answers 422 like any unknown one.",
    ),
)
