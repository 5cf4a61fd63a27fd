"""The resources that are emulated, one declaration a module."""

from ..declaration import Resource
from .contact_groups import CONTACT_GROUPS
from .contacts import CONTACTS
from .custom_fields import CUSTOM_FIELDS
from .users import USERS
from .webhook_actions import WEBHOOK_ACTIONS
from .webhook_subscriptions import WEBHOOK_SUBSCRIPTIONS

__all__ = ["RESOURCES"]

RESOURCES: dict[str, Resource] = {
    resource.path: resource
    for resource in (
        USERS,
        CONTACT_GROUPS,
        CONTACTS,
        CUSTOM_FIELDS,
        WEBHOOK_ACTIONS,
        WEBHOOK_SUBSCRIPTIONS,
    )
}
