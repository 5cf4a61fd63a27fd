"""Plans of edits: written down, looked at, applied."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from integrations.connections.models import Installation
from portal.accounts.models import User
from portal.organizations.models import Organization
from portal.organizations.roles import Capability

#: A plan with more changes needs the right to large edits, and its count to be typed.
SMALL = 100
#: How many rows are applied first where campaigns may email people.
PILOT = 5


class PlanState(models.TextChoices):
    """Where a plan stands."""

    BUILDING = "building", "Being prepared"
    READY = "ready", "Ready to review"
    PILOT = "pilot", "Applying the first rows"
    PILOT_DONE = "pilot_done", "First rows applied"
    APPLYING = "applying", "Being applied"
    APPLIED = "applied", "Applied"
    CANCELED = "canceled", "Canceled"
    FAILED = "failed", "Could not be prepared"


#: The states in which jobs send rows.
SENDING_STATES = (PlanState.PILOT, PlanState.APPLYING)


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, user: User, organization: Organization) -> "PlanQuerySet":
        """Return the organization's plans that ``user`` may see: all, or for loan officers their own."""
        rows = self.filter(installation__organization=organization)
        if organization.allows(user, Capability.OVERVIEW):
            return rows
        return rows.filter(created_by=user) if organization.allows(user, Capability.EDIT) else rows.none()


class Plan(models.Model):
    """An edit of contacts or groups of an installation, written down before anything is sent."""

    class Resource(models.TextChoices):
        CONTACTS = "contacts", "Contacts"
        GROUPS = "groups", "Groups"

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="plans")
    resource = models.CharField(max_length=16, choices=Resource, default=Resource.CONTACTS)
    state = models.CharField(max_length=16, choices=PlanState.choices, default=PlanState.BUILDING)
    operations = models.JSONField(default=list, help_text="What to do to each contact, see `operations`")
    selection = models.JSONField(default=dict, help_text="The list's query and the chosen contacts")
    upload = models.ForeignKey(
        "bulk.Upload",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="plans",
        help_text="The file whose rows it imports",
    )
    built_until = models.BigIntegerField(default=0, help_text="The last contact that has its row")
    undo_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by"
    )
    suppress_emails = models.BooleanField(
        default=False, help_text="Ask Total Expert not to send emails because of this edit"
    )
    digest = models.CharField(
        max_length=64,
        blank=True,
        help_text="Hash of what will be sent, of the rows so far while it is prepared. Applying a plan names it",
    )
    joins_groups = models.BooleanField(
        default=False, help_text="Contacts may join groups, which can start campaigns that email people"
    )
    grants_consent = models.BooleanField(
        default=False, help_text="Lets people be contacted in more ways: needs evidence and a second person"
    )
    evidence = models.TextField(blank=True, help_text="How the contacts gave their consent")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    approved_at = models.DateTimeField(null=True)
    approval_reason = models.TextField(blank=True, help_text="Why its author approved it alone")
    pilot_until = models.PositiveIntegerField(
        null=True, help_text="Number of the last row of the pilot. Empty: there is none"
    )
    problem = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, help_text="When a person applied it")
    finished_at = models.DateTimeField(null=True)
    values_cleared_at = models.DateTimeField(
        null=True, help_text="When the values before and after were deleted: it can't be undone any more"
    )

    objects: ClassVar[PlanQuerySet] = PlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["installation", "-created_at"], name="plan_by_installation")]

    def __str__(self) -> str:
        return f"plan {self.pk}"

    @property
    def noun(self) -> str:
        """Return what its rows are about."""
        return "group" if self.resource == self.Resource.GROUPS else "contact"

    @property
    def is_import(self) -> bool:
        """Whether its rows come from a file."""
        return "mapping" in self.selection

    @property
    def is_sending(self) -> bool:
        return self.state in SENDING_STATES

    @property
    def is_moving(self) -> bool:
        """Whether its page changes by itself."""
        return self.is_sending or self.state == PlanState.BUILDING

    def counts(self) -> dict[str, int]:
        """Return the number of rows in each state."""
        found = self.rows.order_by().values_list("state").annotate(models.Count("pk"))
        return dict(found)
