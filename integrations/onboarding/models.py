"""Verifications of connections, and people who wait to connect."""

import uuid

from django.db import models

from integrations.connections.models import Connection
from integrations.onboarding.bulk.models import BulkImport, BulkRow

__all__ = ["BulkImport", "BulkRow", "ConnectReminder", "Verification"]


class Verification(models.Model):
    """The latest verification of a connection. ``steps`` is a list of {name, outcome, text} without personal data."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="verification")
    steps = models.JSONField(default=list)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.RUNNING)
    problem = models.CharField(max_length=500, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"verification of {self.connection_id}"


class ConnectReminder(models.Model):
    """A person who asked for an email when they can connect."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="connect_reminder")
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"connect reminder {self.pk}"
