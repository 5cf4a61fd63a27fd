"""The rows of plans: what changes about one contact or group, and what became of it."""

import datetime as dt

from django.db import models
from django.db.models import Q

from integrations.bulk.models.plans import Plan
from integrations.connections.models import Connection
from integrations.directory.models import Contact


class RowAction(models.TextChoices):
    """What is done to the contact or group of a row."""

    UPDATE = "update", "Change"
    CREATE = "create", "Create"
    TRANSFER = "transfer", "Give to another owner"
    DELETE = "delete", "Delete"


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


class PlanRow(models.Model):
    """What a plan does to one contact or group, and its outcome.

    ``before`` and ``after`` have what the plan touches. Of a contact: ``{"fields": {name: value}, "custom": {name: value},
    "groups": [remote ids], "owner": remote id}``. Of a group: ``{"name": text, "owner": remote id}``.
    """

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()
    contact = models.ForeignKey(Contact, null=True, on_delete=models.SET_NULL, related_name="plan_rows")
    action = models.CharField(max_length=16, choices=RowAction, default=RowAction.UPDATE)
    remote_id = models.BigIntegerField(null=True, help_text="Empty until Total Expert has created it")
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
        max_length=64, blank=True, help_text="The contact's digest that the plan is based on"
    )
    result_id = models.BigIntegerField(
        null=True, help_text="The ID that Total Expert returned for what it was asked to create"
    )
    resolved_at = models.DateTimeField(
        null=True, help_text="When a person decided to overwrite a contact that had changed"
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

    def settle(self, state: RowState, at: dt.datetime, reason: str = "") -> None:
        """Set the outcome. The caller saves the row."""
        self.state, self.reason, self.finished_at = state, reason[:300], at
