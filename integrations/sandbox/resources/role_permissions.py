"""The role-permissions resource: what one role allows, under the id of the role."""

from ..engine.schema.resource import Column, Field, Relationship, Resource

ROLE_PERMISSIONS = Resource(
    path="role-permissions",
    scope="getUsers",
    first_id=1,
    methods=frozenset({"get"}),
    admin_only=True,
    shows_times=False,
    fields=(Field("role_name", column=Column.PLAIN),),
    relationships=(
        Relationship(
            "permissions",
            "permissions",
            shows=("id", "permission_name"),
            settable=("id",),
            many=True,
            always_shown=True,
        ),
    ),
    guesses=("The answer, of which nothing is published: the role's id and name, and `permissions`.",),
)
