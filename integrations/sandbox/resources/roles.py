"""Roles of users, and the permissions of each role."""

from ..engine.schema.fields import Column, Field
from ..engine.schema.resource import Relationship, Resource

USER_ROLES = Resource(
    path="user-roles",
    scope="getUsers",
    first_id=201,
    methods=frozenset({"list", "get"}),
    admin_only=True,
    shows_times=False,
    fields=(Field("role_name", column=Column.PLAIN),),
    assumptions=("Every organization has its own roles with their own ids.",),
)


PERMISSIONS = Resource(
    path="permissions",
    scope="getUsers",
    first_id=301,
    methods=frozenset({"list", "get"}),
    admin_only=True,
    shows_times=False,
    fields=(Field("permission_name", column=Column.PLAIN), Field("description")),
    assumptions=("Attributes of a permission: id, permission_name, description. Nothing is published.",),
)


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
            shown_fields=("id", "permission_name"),
            key_fields=("id",),
            many=True,
            always_shown=True,
        ),
    ),
    assumptions=("The response: the role's id and name, and `permissions`. Nothing is published.",),
)
