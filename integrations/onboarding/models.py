"""Verifications: what was tried of a fresh grant, step by step, for people to watch."""

import uuid

from django.db import models

from integrations.connections.models import Connection
from integrations.onboarding.bulk.models import BulkImport, BulkRow

__all__ = ["BulkImport", "BulkRow", "SlotMail", "Verification"]


class Verification(models.Model):
    """The latest verification of a connection. ``steps`` is a list of {name, outcome, text}; no personal data."""

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


class SlotMail(models.Model):
    """Somebody who wants a mail when a token slot is free for their consent."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="slot_mail")
    asked_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"slot mail {self.pk}"
