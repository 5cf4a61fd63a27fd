"""The permissions resource: what a role may allow, for admins to read."""

from ..engine.schema.resource import Column, Field, Resource

PERMISSIONS = Resource(
    path="permissions",
    scope="getUsers",
    first_id=301,
    methods=frozenset({"list", "get"}),
    admin_only=True,
    shows_times=False,
    fields=(Field("permission_name", column=Column.PLAIN), Field("description")),
    guesses=("Attributes of a permission, of which nothing is published: id, permission_name, description.",),
)
