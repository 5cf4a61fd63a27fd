"""The resources that are emulated, one declaration a module."""

from ..declaration import Resource
from .contact_groups import CONTACT_GROUPS
from .contact_notes import CONTACT_NOTES
from .contact_survey_responses import CONTACT_SURVEY_RESPONSES
from .contact_surveys import CONTACT_SURVEYS
from .contacts import CONTACTS
from .custom_fields import CUSTOM_FIELDS
from .insight_types import INSIGHT_TYPES
from .insights import INSIGHTS
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
        CONTACT_SURVEYS,
        CONTACT_SURVEY_RESPONSES,
        CONTACT_NOTES,
        INSIGHT_TYPES,
        INSIGHTS,
        WEBHOOK_ACTIONS,
        WEBHOOK_SUBSCRIPTIONS,
    )
}
