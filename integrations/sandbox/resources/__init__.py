"""The emulated resources."""

from ..engine.schema.registry import RESOURCES
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
from .email_unsubscribes import EMAIL_UNSUBSCRIBES
from .endpoint_records import (
    EMAIL_TEMPLATES,
    LEAD_OPPORTUNITY_RECORDS,
    LEAD_RECORDS,
    LEAD_SOURCES,
    USER_IMAGES,
)
from .entities import ENTITIES, ENTITY_MEMBERS, ENTITY_RELATIONSHIP_TYPES, ENTITY_TYPES
from .insights import INSIGHTS
from .lending_lists import ACCOUNT_CLASSIFICATIONS, ACCOUNT_STATUSES, ACCOUNT_TYPES, LOAN_LISTS
from .loans import LOANS
from .references import EMAIL_DOMAINS, INSIGHT_TYPES, NAMED_LISTS, WEBHOOK_ACTIONS
from .roles import PERMISSIONS, ROLE_PERMISSIONS, USER_ROLES
from .scenarios import SCENARIOS
from .schema_lists import CUSTOM_FIELDS, PARTICIPANT_ROLES
from .sms_opting import SMS_OPT_IN, SMS_OPT_OUT
from .teams import TEAMS
from .users import USERS
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
