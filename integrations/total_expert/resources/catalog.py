"""Every API resource as an attribute of a client."""

from .. import parse
from ..calls import RequestSender
from ..records import (
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
from .contacts import CampaignActivities, Contacts, ContactSurveys
from .endpoints import (
    CreateResource,
    CustomFieldResource,
    FullCustomFieldResource,
    FullResource,
    ListResource,
    ReadResource,
    WriteResource,
)
from .leads import LeadOpportunities, Leads
from .messages import EmailArchive, EmailTemplates, Sms, UserImages
from .role_permissions import RolePermissions


class Catalog:
    """The resources, one line each: the class states which operations the API offers."""

    def __init__(self, sender: RequestSender) -> None:
        self._add_contacts(sender)
        self._add_engagement(sender)
        self._add_users(sender)
        self._add_loans(sender)
        self._add_accounts(sender)
        self._add_leads(sender)
        self._add_messages(sender)
        self._add_webhooks(sender)

    def _add_contacts(self, sender: RequestSender) -> None:
        int_id, text_id = parse.integer_id, parse.text_id
        self.contacts = Contacts(sender, "contacts", Contact, int_id)
        self.contact_groups = FullResource(sender, "contact-groups", ContactGroup, int_id)
        self.contact_notes = FullResource(sender, "contact-notes", ContactNote, int_id)
        self.contact_surveys = ContactSurveys(sender, "contact-surveys", ContactSurvey, text_id)
        self.contact_survey_responses = CreateResource(
            sender, "contact-survey-responses", ContactSurveyResponse, text_id
        )
        self.contact_recruits = FullResource(sender, "contact-recruits", ContactRecruit, int_id)
        self.contact_recruit_statuses = ListResource(sender, "contact-recruit-statuses", RecruitStatus)
        self.contact_recruit_metrics = ListResource(sender, "contact-recruit-metrics", RecruitMetric)
        self.contact_recruit_metric_units = ListResource(
            sender, "contact-recruit-metric-units", RecruitMetricUnit
        )
        self.entities = FullCustomFieldResource(sender, "entities", Entity, text_id)
        self.entity_relationship_types = ListResource(
            sender, "entity-relationship-types", EntityRelationshipType
        )

    def _add_engagement(self, sender: RequestSender) -> None:
        int_id, text_id = parse.integer_id, parse.text_id
        self.insights = CreateResource(sender, "insights", Insight, int_id)
        self.insight_types = ListResource(sender, "insight-types", InsightType)
        self.campaigns = CreateResource(sender, "campaigns", Campaign, text_id)
        self.campaign_activity = CampaignActivities(sender, "campaign-activity", CampaignActivity, text_id)
        self.channels = ListResource(sender, "channels", Channel)
        self.wlp_access_types = ListResource(sender, "wlp-access-types", WlpAccessType)
        self.activity = ReadResource(sender, "activity", Activity, int_id)

    def _add_users(self, sender: RequestSender) -> None:
        int_id = parse.integer_id
        self.users = CustomFieldResource(sender, "users", User, int_id)
        self.user_roles = ReadResource(sender, "user-roles", UserRole, int_id)
        self.role_permissions = RolePermissions(sender, "role-permissions")
        self.permissions = ReadResource(sender, "permissions", Permission, int_id)
        self.teams = FullResource(sender, "teams", Team, int_id)
        self.custom_fields = ListResource(sender, "schema/custom-fields", CustomField)
        self.participant_roles = ListResource(sender, "schema/participant-roles", ParticipantRole)

    def _add_loans(self, sender: RequestSender) -> None:
        int_id = parse.integer_id
        self.loans = FullCustomFieldResource(sender, "loans", Loan, int_id)
        self.loan_types = CreateResource(sender, "loan-types", LoanType, int_id)
        self.loan_statuses = CreateResource(sender, "loan-statuses", LoanStatus, int_id)
        self.loan_purposes = CreateResource(sender, "loan-purposes", LoanPurpose, int_id)
        self.loan_programs = CreateResource(sender, "loan-programs", LoanProgram, int_id)

    def _add_accounts(self, sender: RequestSender) -> None:
        int_id = parse.integer_id
        self.accounts = CustomFieldResource(sender, "accounts", Account, int_id)
        self.account_types = WriteResource(sender, "account-types", AccountType, int_id)
        self.account_statuses = WriteResource(sender, "account-statuses", AccountStatus, int_id)
        self.account_classifications = ListResource(sender, "account-classifications", AccountClassification)

    def _add_leads(self, sender: RequestSender) -> None:
        int_id, text_id = parse.integer_id, parse.text_id
        self.lead_opportunities = LeadOpportunities(sender, "lead-opportunities", LeadOpportunity, text_id)
        self.leads = Leads(sender, "leads")
        self.scenarios = FullResource(sender, "scenarios", Scenario, int_id)

    def _add_messages(self, sender: RequestSender) -> None:
        self.email_domains = ListResource(sender, "email-domains", EmailDomain)
        self.email_unsubscribes = CreateResource(
            sender, "email-unsubscribes", EmailUnsubscribe, parse.integer_id
        )
        self.email_archive = EmailArchive(sender, "email-archive")
        self.email_templates = EmailTemplates(sender, "email-templates")
        self.user_images = UserImages(sender, "user-images")
        self.sms = Sms(sender, "sms")

    def _add_webhooks(self, sender: RequestSender) -> None:
        self.webhook_actions = ListResource(sender, "webhook-actions", WebhookAction)
        self.webhook_subscriptions = FullResource(
            sender, "webhook-subscriptions", WebhookSubscription, parse.integer_id
        )
