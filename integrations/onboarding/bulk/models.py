"""Bulk imports: files of organizations with credentials, row by row. Secrets are sealed, and go as soon as they may."""

import uuid

from django.conf import settings
from django.db import models

from integrations.connections.models import Connection, Environment
from portal.encryption.fields import EncryptedField
from portal.organizations.models import Organization

LONGEST_NAME = 100


class BulkImport(models.Model):
    """One file that an operator uploaded. Of the file itself only its name is kept."""

    class State(models.TextChoices):
        DRAFT = "draft", "To confirm"
        CONFIRMED = "confirmed", "Being created"
        APPLIED = "applied", "Created"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField()
    name = models.CharField(max_length=LONGEST_NAME, blank=True, help_text="What the file was called")
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(help_text="Rows of the file")
    accepted = models.PositiveIntegerField(help_text="Rows with which nothing was wrong offline")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["state", "at"], name="bulk_import_by_state")]

    def __str__(self) -> str:
        return f"bulk import {self.pk}"

    @property
    def left_out(self) -> int:
        """Rows that something is wrong with."""
        return self.total - self.accepted


class BulkRow(models.Model):
    """One row of a file: an organization to be. A row that something is wrong with holds no secrets from the start."""

    class State(models.TextChoices):
        READY = "ready", "Ready"
        BAD = "bad", "To correct"
        LEFT_OUT = "left_out", "Left out"
        CONFIRMED = "confirmed", "To create"
        APPLIED = "applied", "Created"
        REFUSED = "refused", "Not created"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    source = models.ForeignKey(BulkImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField(help_text="As a spreadsheet counts: the header is row 1")
    name = models.CharField(max_length=120, blank=True)
    environment = models.ForeignKey(Environment, null=True, on_delete=models.CASCADE, related_name="+")
    client_id = EncryptedField(label="onboarding.bulk.client_id", null=True)
    client_secret = EncryptedField(label="onboarding.bulk.client_secret", null=True)
    admin_email = models.EmailField(blank=True, help_text="Until the invitation holds it")
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

    def forget_secrets(self) -> None:
        """Drop what is sealed in the row. The caller saves it."""
        self.client_id = self.client_secret = None
