"""Every resource of the API, as attributes of a client."""

from . import values
from .calls import Caller
from .contact_resources import CampaignActivities, Contacts, ContactSurveys
from .lead_resources import LeadOpportunities, Leads
from .message_resources import EmailArchive, EmailTemplates, Sms, UserImages
from .records import (
    Account,
    AccountClassification,
    AccountStatus,
    AccountType,
    Activity,
    Campaign,
    CampaignActivity,
    Channel,
    Contact,
    ContactGroup,
    ContactNote,
    ContactRecruit,
    ContactSurvey,
    ContactSurveyResponse,
    CustomField,
    EmailDomain,
    EmailUnsubscribe,
    Entity,
    EntityRelationshipType,
    Insight,
    InsightType,
    LeadOpportunity,
    Loan,
    LoanProgram,
    LoanPurpose,
    LoanStatus,
    LoanType,
    ParticipantRole,
    Permission,
    RecruitMetric,
    RecruitMetricUnit,
    RecruitStatus,
    Scenario,
    Team,
    User,
    UserRole,
    WebhookAction,
    WebhookSubscription,
    WlpAccessType,
)
from .resources import (
    Collection,
    Customized,
    CustomizedFull,
    FullCollection,
    GrowingCollection,
    Listing,
    WritableCollection,
)
from .role_permissions import RolePermissions


class Catalogue:
    """The resources: a line each, of the class that offers what the API does."""

    def __init__(self, caller: Caller) -> None:
        self._add_contacts(caller)
        self._add_engagement(caller)
        self._add_users(caller)
        self._add_loans(caller)
        self._add_accounts(caller)
        self._add_leads(caller)
        self._add_messages(caller)
        self._add_webhooks(caller)

    def _add_contacts(self, to: Caller) -> None:
        number, text = values.identifier, values.text_identifier
        self.contacts = Contacts(to, "contacts", Contact, number)
        self.contact_groups = FullCollection(to, "contact-groups", ContactGroup, number)
        self.contact_notes = FullCollection(to, "contact-notes", ContactNote, number)
        self.contact_surveys = ContactSurveys(to, "contact-surveys", ContactSurvey, text)
        self.contact_survey_responses = GrowingCollection(
            to, "contact-survey-responses", ContactSurveyResponse, text
        )
        self.contact_recruits = FullCollection(to, "contact-recruits", ContactRecruit, number)
        self.contact_recruit_statuses = Listing(to, "contact-recruit-statuses", RecruitStatus)
        self.contact_recruit_metrics = Listing(to, "contact-recruit-metrics", RecruitMetric)
        self.contact_recruit_metric_units = Listing(to, "contact-recruit-metric-units", RecruitMetricUnit)
        self.entities = CustomizedFull(to, "entities", Entity, text)
        self.entity_relationship_types = Listing(to, "entity-relationship-types", EntityRelationshipType)

    def _add_engagement(self, to: Caller) -> None:
        number, text = values.identifier, values.text_identifier
        self.insights = GrowingCollection(to, "insights", Insight, number)
        self.insight_types = Listing(to, "insight-types", InsightType)
        self.campaigns = GrowingCollection(to, "campaigns", Campaign, text)
        self.campaign_activity = CampaignActivities(to, "campaign-activity", CampaignActivity, text)
        self.channels = Listing(to, "channels", Channel)
        self.wlp_access_types = Listing(to, "wlp-access-types", WlpAccessType)
        self.activity = Collection(to, "activity", Activity, number)

    def _add_users(self, to: Caller) -> None:
        number = values.identifier
        self.users = Customized(to, "users", User, number)
        self.user_roles = Collection(to, "user-roles", UserRole, number)
        self.role_permissions = RolePermissions(to, "role-permissions")
        self.permissions = Collection(to, "permissions", Permission, number)
        self.teams = FullCollection(to, "teams", Team, number)
        self.custom_fields = Listing(to, "schema/custom-fields", CustomField)
        self.participant_roles = Listing(to, "schema/participant-roles", ParticipantRole)

    def _add_loans(self, to: Caller) -> None:
        number = values.identifier
        self.loans = CustomizedFull(to, "loans", Loan, number)
        self.loan_types = GrowingCollection(to, "loan-types", LoanType, number)
        self.loan_statuses = GrowingCollection(to, "loan-statuses", LoanStatus, number)
        self.loan_purposes = GrowingCollection(to, "loan-purposes", LoanPurpose, number)
        self.loan_programs = GrowingCollection(to, "loan-programs", LoanProgram, number)

    def _add_accounts(self, to: Caller) -> None:
        number = values.identifier
        self.accounts = Customized(to, "accounts", Account, number)
        self.account_types = WritableCollection(to, "account-types", AccountType, number)
        self.account_statuses = WritableCollection(to, "account-statuses", AccountStatus, number)
        self.account_classifications = Listing(to, "account-classifications", AccountClassification)

    def _add_leads(self, to: Caller) -> None:
        number, text = values.identifier, values.text_identifier
        self.lead_opportunities = LeadOpportunities(to, "lead-opportunities", LeadOpportunity, text)
        self.leads = Leads(to, "leads")
        self.scenarios = FullCollection(to, "scenarios", Scenario, number)

    def _add_messages(self, to: Caller) -> None:
        self.email_domains = Listing(to, "email-domains", EmailDomain)
        self.email_unsubscribes = GrowingCollection(
            to, "email-unsubscribes", EmailUnsubscribe, values.identifier
        )
        self.email_archive = EmailArchive(to, "email-archive")
        self.email_templates = EmailTemplates(to, "email-templates")
        self.user_images = UserImages(to, "user-images")
        self.sms = Sms(to, "sms")

    def _add_webhooks(self, to: Caller) -> None:
        self.webhook_actions = Listing(to, "webhook-actions", WebhookAction)
        self.webhook_subscriptions = FullCollection(
            to, "webhook-subscriptions", WebhookSubscription, values.identifier
        )
