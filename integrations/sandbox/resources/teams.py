"""The teams resource: teams of users and their managers. For admins only."""

from ..engine.schema.fields import Column, Field
from ..engine.schema.resource import USER_KEY_FIELDS, USER_SHOWN_FIELDS, Identity, Relationship, Resource

TEAMS = Resource(
    path="teams",
    scope="getUsers",
    first_id=401,
    admin_only=True,
    shows_times=False,
    fields=(Field("team_name", column=Column.PLAIN, indexed=True),),
    relationships=(
        Relationship(
            "managers",
            "users",
            shown_fields=USER_SHOWN_FIELDS,
            key_fields=USER_KEY_FIELDS,
            many=True,
            removed_by="remove_managers",
            always_shown=True,
        ),
    ),
    required=("team_name",),
    identities=(Identity(("team_name",)),),
    unique_on_update=True,
    assumptions=(
        "A team's name is unique in its organization. Creating it again responds like a duplicate.",
        "Deleting a team removes its users from it.",
    ),
)
