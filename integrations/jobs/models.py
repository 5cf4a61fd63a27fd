"""Jobs: durable units of work with progress, and what they noted on the way."""

import datetime as dt

from django.conf import settings
from django.db import models

from integrations.connections.models import Connection, Installation
from integrations.jobs import kinds
from portal.organizations.models import Organization


class JobState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


#: A job in one of these has not ended: of a kind there is at most one for each connection, or for each installation.
ACTIVE = [JobState.WAITING, JobState.RUNNING, JobState.PAUSED]


class Job(models.Model):
    """One unit of work. Moved on by slices; ``arguments`` and ``cursor`` hold ids and numbers only."""

    kind = models.CharField(max_length=64)
    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="jobs")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="jobs")
    connection = models.ForeignKey(
        Connection,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        help_text="Whose work it is; empty for work on a whole installation",
    )
    arguments = models.JSONField(default=dict)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.WAITING)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict)
    asked_again = models.JSONField(
        null=True,
        help_text="Arguments with which it was asked for after it had begun: then it does not end but starts over",
    )
    waits_until = models.DateTimeField(null=True)
    waits_for = models.CharField(max_length=255, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Slices begun since the last progress")
    waits = models.PositiveSmallIntegerField(default=0, help_text="Waits since the last progress")
    worked = models.FloatField(default=0, help_text="Seconds that slices took")
    lease_holder = models.CharField(max_length=120, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["state", "waits_until"]),
            models.Index(fields=["organization", "-created_at"]),
            models.Index(
                fields=["lease_expires_at"],
                name="job_by_lease",
                condition=models.Q(lease_expires_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "kind"],
                condition=models.Q(state__in=["waiting", "running", "paused"], connection__isnull=True),
                name="one_active_job_a_kind",
            ),
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=models.Q(state__in=["waiting", "running", "paused"], connection__isnull=False),
                name="one_active_job_a_connection",
            ),
        ]

    def __str__(self) -> str:
        return f"job {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_pausable(self) -> bool:
        """Whether people may pause it."""
        return kinds.is_pausable(self.kind)

    @property
    def label(self) -> str:
        return kinds.label_of(self.kind)

    def rate(self) -> float | None:
        """Items a second while somebody works on it, or None when that says nothing yet."""
        return self.done / self.worked if self.done and self.worked >= 1 else None

    def eta(self, at: dt.datetime) -> dt.datetime | None:
        """When it is done if it goes on like this. None while it waits for something, is paused or has ended."""
        rate = self.rate()
        if (
            not rate
            or self.total is None
            or self.waits_for
            or self.state not in (JobState.RUNNING, JobState.WAITING)
        ):
            return None
        return at + dt.timedelta(seconds=max(0, self.total - self.done) / rate)


class JobLine(models.Model):
    """A line of a job's log: a sentence with ids and numbers, nothing about a person."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    level = models.CharField(max_length=8, default="info")
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"line {self.pk}"


class Schedule(models.Model):
    """When a piece of regular work is due next. Which there are is registered in `integrations.jobs.schedules`."""

    name = models.CharField(max_length=64, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
