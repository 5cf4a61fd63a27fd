"""Plans of edits, and one row for each contact that a plan changes."""

import datetime as dt
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from integrations.connections.models import Connection, Installation
from integrations.directory.models import Contact
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


class RowState(models.TextChoices):
    """The outcome of one row."""

    PLANNED = "planned", "Will change"
    SENDING = "sending", "Being sent"
    DONE = "done", "Changed"
    UNCHANGED = "unchanged", "Nothing to do"
    REFUSED = "refused", "Refused"
    SET_ASIDE = "set_aside", "Changed since the plan"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


#: The states of rows that are not settled yet.
OPEN_ROWS = (RowState.PLANNED, RowState.SENDING)


class PlanQuerySet(models.QuerySet["Plan"]):
    def visible_to(self, user: User, organization: Organization) -> "PlanQuerySet":
        """Return the organization's plans that ``user`` may see: all, or for loan officers their own."""
        rows = self.filter(installation__organization=organization)
        if organization.allows(user, Capability.OVERVIEW):
            return rows
        return rows.filter(created_by=user) if organization.allows(user, Capability.EDIT) else rows.none()


class Plan(models.Model):
    """An edit of many contacts of an installation, written down before anything is sent."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="plans")
    state = models.CharField(max_length=16, choices=PlanState.choices, default=PlanState.BUILDING)
    operations = models.JSONField(default=list, help_text="What to do to each contact, see `operations`")
    selection = models.JSONField(default=dict, help_text="The list's query and the chosen contacts")
    built_until = models.BigIntegerField(default=0, help_text="The last contact that has its row")
    undo_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="undone_by"
    )
    suppress_emails = models.BooleanField(
        default=False, help_text="Ask Total Expert not to send emails because of this edit"
    )
    digest = models.CharField(
        max_length=64, blank=True, help_text="Hash of what will be sent. Applying a plan names it"
    )
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

    objects: ClassVar[PlanQuerySet] = PlanQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        indexes = [models.Index(fields=["installation", "-created_at"], name="plan_by_installation")]

    def __str__(self) -> str:
        return f"plan {self.pk}"

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


class PlanRow(models.Model):
    """What a plan does to one contact, and its outcome.

    ``before`` and ``after`` are ``{"fields": {name: value}, "groups": [remote ids]}`` with the fields and groups that
    the plan touches.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="plan_rows")
    remote_id = models.BigIntegerField()
    connection = models.ForeignKey(
        Connection,
        null=True,
        on_delete=models.SET_NULL,
        related_name="plan_rows",
        db_index=False,
        help_text="The connection that sends it",
    )
    state = models.CharField(max_length=16, choices=RowState.choices)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is not done")
    contact_digest = models.CharField(
        max_length=64, help_text="The contact's digest that the plan is based on"
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="one_row_a_number"),
            models.UniqueConstraint(fields=["plan", "remote_id"], name="one_row_a_contact"),
        ]
        indexes = [
            models.Index(fields=["plan", "state", "number"], name="row_by_state"),
            models.Index(
                fields=["connection", "plan", "number"],
                name="row_to_send",
                condition=Q(state__in=["planned", "sending"]),
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.pk}"

    def payload(self) -> dict[str, Any]:
        """Return the properties to send, as Total Expert's contacts take them."""
        before_fields = self.before.get("fields", {})
        sent: dict[str, Any] = {
            name: value
            for name, value in self.after.get("fields", {}).items()
            if value != before_fields.get(name)
        }
        before, after = set(self.before.get("groups", [])), set(self.after.get("groups", []))
        if joined := sorted(after - before):
            sent["contact_groups"] = [{"id": id} for id in joined]
        if left := sorted(before - after):
            sent["remove_contact_groups"] = [{"id": id} for id in left]
        return sent

    def settle(self, state: RowState, at: dt.datetime, reason: str = "") -> None:
        """Set the outcome. The caller saves the row."""
        self.state, self.reason, self.finished_at = state, reason[:300], at
