"""Parts of request bodies: owners, users and custom field values."""

from collections.abc import Mapping
from typing import Any

from ..errors import invalid
from ..records import Reference, User

#: A user, such as the owner of a new record: a User, a Reference to one, or a mapping with one of USER_PROPERTIES.
Owner = User | Reference | Mapping[str, Any]
USER_PROPERTIES = ("id", "username", "email", "external_id")


def with_owner(data: Mapping[str, Any], owner: Owner | None) -> dict[str, Any]:
    """Return the data with the owner, if there is one. Raise Rejected if it has an owner already."""
    if owner is None:
        return dict(data)
    if "owner" in data:
        raise invalid("The owner is in the data already. Pass it once.", code="owner")
    return {**data, "owner": user_reference(owner)}


def user_reference(user: Owner) -> dict[str, Any]:
    """Return the properties that identify a user. Raise Rejected if there are none."""
    if isinstance(user, Mapping):
        found = {name: user[name] for name in USER_PROPERTIES if user.get(name)}
    else:
        # The vendor accepts any one of them.
        first = next((name for name in USER_PROPERTIES if getattr(user, name)), None)
        found = {first: getattr(user, first)} if first else {}
    if not found:
        raise invalid("Identify the user by id, username, email or external_id.", code="owner")
    return found


def custom_values(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return custom field values, by `system_name`, in the format of the property `custom`. None clears a field."""
    return [{"field_name": name, "value": value} for name, value in values.items()]
