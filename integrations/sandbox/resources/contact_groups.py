"""The contact-groups resource: an owner's groups of contacts."""

from ..engine.errors import ApiError
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Column, Field, FieldType, Identity, Ownership, Resource


class GroupHooks(ResourceHooks):
    """Keeps a group with its owner."""

    def owner_changed(self, change: Change, previous: int) -> None:
        """Reject a new owner: the group's contacts belong to the old one."""
        raise ApiError(422, "A contact group cannot be given to another owner")


CONTACT_GROUPS = Resource(
    path="contact-groups",
    scope="leadInteraction",
    first_id=501,
    shows_times=False,
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        Field("group_name", column=Column.PLAIN, indexed=True),
        Field("user_editable", FieldType.BOOLEAN, default=True),
    ),
    required=("group_name",),
    identities=(Identity(("group_name",)),),
    unique_on_update=True,
    webhook_item="CONTACT_GROUP",
    hooks=GroupHooks,
    assumptions=(
        "Renaming a group to a name its owner already uses answers 422, as does giving it to another owner.",
        "Deleting a group takes its contacts out of it and changes nothing else about them.",
        "Renaming a group does not change `internal_updated_at` of its contacts.",
        "Contact groups have no filters; a filter answers 422 like any unknown one.",
    ),
)
