"""The resources that are emulated, one declaration a module."""

from ..engine.schema.registry import RESOURCES
from .account_classifications import ACCOUNT_CLASSIFICATIONS
from .account_lists import ACCOUNT_STATUSES, ACCOUNT_TYPES
from .accounts import ACCOUNTS
from .activity import ACTIVITY
from .campaign_activity import CAMPAIGN_ACTIVITY
from .campaigns import CAMPAIGNS
from .contact_groups import CONTACT_GROUPS
from .contact_notes import CONTACT_NOTES
from .contact_recruits import CONTACT_RECRUITS
from .contact_survey_responses import CONTACT_SURVEY_RESPONSES
from .contact_surveys import CONTACT_SURVEYS
from .contacts import CONTACTS
from .custom_fields import CUSTOM_FIELDS
from .email_domains import EMAIL_DOMAINS
from .email_templates import EMAIL_TEMPLATES
from .email_unsubscribes import EMAIL_UNSUBSCRIBES
from .entities import ENTITIES
from .entity_members import ENTITY_MEMBERS
from .entity_relationship_types import ENTITY_RELATIONSHIP_TYPES
from .entity_types import ENTITY_TYPES
from .insight_types import INSIGHT_TYPES
from .insights import INSIGHTS
from .lead_records import LEAD_OPPORTUNITY_RECORDS, LEAD_RECORDS
from .lead_sources import LEAD_SOURCES
from .loan_lists import LOAN_LISTS
from .loans import LOANS
from .named_lists import NAMED_LISTS
from .participant_roles import PARTICIPANT_ROLES
from .permissions import PERMISSIONS
from .role_permissions import ROLE_PERMISSIONS
from .scenarios import SCENARIOS
from .sms_opting import SMS_OPT_IN, SMS_OPT_OUT
from .teams import TEAMS
from .user_images import USER_IMAGES
from .user_roles import USER_ROLES
from .users import USERS
from .webhook_actions import WEBHOOK_ACTIONS
from .webhook_subscriptions import WEBHOOK_SUBSCRIPTIONS

__all__ = ["RESOURCES"]

RESOURCES.update(
    (resource.path, resource)
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
        *NAMED_LISTS,
        CONTACT_RECRUITS,
        CAMPAIGNS,
        CAMPAIGN_ACTIVITY,
        USER_ROLES,
        PERMISSIONS,
        ROLE_PERMISSIONS,
        TEAMS,
        ACCOUNT_CLASSIFICATIONS,
        *LOAN_LISTS,
        LOANS,
        PARTICIPANT_ROLES,
        ACCOUNT_TYPES,
        ACCOUNT_STATUSES,
        ACCOUNTS,
        ENTITY_TYPES,
        ENTITY_RELATIONSHIP_TYPES,
        ENTITIES,
        ENTITY_MEMBERS,
        EMAIL_DOMAINS,
        EMAIL_UNSUBSCRIBES,
        SMS_OPT_IN,
        SMS_OPT_OUT,
        SCENARIOS,
        ACTIVITY,
        EMAIL_TEMPLATES,
        USER_IMAGES,
        LEAD_SOURCES,
        LEAD_OPPORTUNITY_RECORDS,
        LEAD_RECORDS,
        WEBHOOK_ACTIONS,
        WEBHOOK_SUBSCRIPTIONS,
    )
)
