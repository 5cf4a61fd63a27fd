"""The contact-groups resource: an owner's groups of contacts."""

from ..engine.errors import ApiError
from ..engine.schema.fields import Column, Field, FieldType
from ..engine.schema.hooks import Change, ResourceHooks
from ..engine.schema.resource import Identity, Ownership, Resource


class GroupHooks(ResourceHooks):
    """Keeps a group with its owner."""

    def owner_changed(self, change: Change, previous: int) -> None:
        """Reject a new owner: the group's contacts belong to the old one."""
        raise ApiError(422, "A contact group can't be given to another owner")


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
        "Renaming a group to a name that its owner already uses returns 422, and so does giving it to another owner.",
        "Deleting a group removes its contacts from it and doesn't change them otherwise.",
        "Renaming a group doesn't change `internal_updated_at` of its contacts.",
        "Contact groups have no filters. Any filter returns 422.",
    ),
)
