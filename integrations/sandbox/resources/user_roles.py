"""The user-roles resource: the roles users of an organization can have, for admins to read."""

from ..engine.schema.resource import Column, Field, Resource

USER_ROLES = Resource(
    path="user-roles",
    scope="getUsers",
    first_id=201,
    methods=frozenset({"list", "get"}),
    admin_only=True,
    shows_times=False,
    fields=(Field("role_name", column=Column.PLAIN),),
    guesses=("Every organization has its own roles, with ids of their own.",),
)
