"""Bulk imports: files of organizations with credentials. Secrets are encrypted, and deleted as soon as possible."""

import uuid

from django.conf import settings
from django.db import models

from integrations.connections.models import Connection, Environment
from portal.encryption.fields import EncryptedField
from portal.organizations.models import Organization

LONGEST_NAME = 100


class BulkImport(models.Model):
    """A file that an operator uploaded. Only its name and rows are stored."""

    class State(models.TextChoices):
        DRAFT = "draft", "Not confirmed"
        CONFIRMED = "confirmed", "In progress"
        APPLIED = "applied", "Done"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(max_length=LONGEST_NAME, blank=True, help_text="The name of the file")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(help_text="Rows in the file")
    accepted = models.PositiveIntegerField(help_text="Rows without problems")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["state", "at"], name="bulk_import_by_state")]

    def __str__(self) -> str:
        return f"bulk import {self.pk}"

    @property
    def left_out(self) -> int:
        """Return how many rows have problems."""
        return self.total - self.accepted


class BulkRow(models.Model):
    """A row of a file. Secrets of rows with problems are never stored."""

    class State(models.TextChoices):
        READY = "ready", "Ready"
        BAD = "bad", "Has problems"
        LEFT_OUT = "left_out", "Left out"
        CONFIRMED = "confirmed", "To create"
        APPLIED = "applied", "Created"
        REFUSED = "refused", "Not created"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(BulkImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="Counts as spreadsheets do: the header is row 1")
    name = models.CharField(max_length=120, blank=True)
    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="+")
    client_id = EncryptedField(label="onboarding.bulk.client_id", owner="source", null=True)
    client_secret = EncryptedField(label="onboarding.bulk.client_secret", owner="source", null=True)
    admin_email = models.EmailField(blank=True, help_text="Deleted when the invitation is sent")
    problem = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.READY)
    organization = models.ForeignKey(Organization, null=True, on_delete=models.SET_NULL, related_name="+")
    connection = models.ForeignKey(Connection, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["source", "number"], name="one_bulk_row_a_number"),
            models.CheckConstraint(
                condition=models.Q(state__in=["ready", "confirmed"])
                | models.Q(client_id__isnull=True, client_secret__isnull=True),
                name="bulk_secrets_only_until_applied",
            ),
        ]
        indexes = [
            models.Index(
                fields=["source", "number"],
                name="bulk_row_to_apply",
                condition=models.Q(state="confirmed"),
            )
        ]

    def __str__(self) -> str:
        return f"bulk row {self.pk}"

    def delete_secrets(self) -> None:
        """Clear the secrets. The caller saves the row."""
        self.client_id = self.client_secret = None
