"""Jobs, their log lines, and when periodic tasks are due."""

import datetime as dt

from django.conf import settings
from django.db import models

from integrations.connections.models import Connection, Installation
from portal.organizations.models import Organization


class JobState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"


#: States of a job that has not ended. Each connection or installation has at most one such job of a kind.
ACTIVE = [JobState.WAITING, JobState.RUNNING, JobState.PAUSED]
#: The condition for active jobs, in the form in which SQLite too finds them in the index `job_unfinished`.
IS_ACTIVE = models.Q(state__in=ACTIVE, finished_at=None)


class Job(models.Model):
    """A unit of work, done in slices. ``arguments`` and ``cursor`` hold only ids and numbers."""

    kind = models.CharField(max_length=64)
    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="jobs")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="jobs")
    connection = models.ForeignKey(
        Connection,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="jobs",
        help_text="Empty for a job of a whole installation",
        db_index=False,  # `job_by_connection` serves as well
    )
    arguments = models.JSONField(default=dict)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    state = models.CharField(max_length=16, choices=JobState.choices, default=JobState.WAITING)
    total = models.PositiveIntegerField(null=True)
    done = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    cursor = models.JSONField(default=dict)
    rerun_arguments = models.JSONField(
        null=True,
        help_text="Arguments of a request that came after the job started: it runs again when it finishes",
    )
    waits_until = models.DateTimeField(null=True)
    waits_for = models.CharField(max_length=255, blank=True)
    problem = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Slices started since the last progress")
    wait_count = models.PositiveSmallIntegerField(default=0, help_text="Waits since the last progress")
    work_seconds = models.FloatField(default=0, help_text="Total time spent in slices")
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
            # whether a later job did what a failed one didn't
            models.Index(fields=["installation", "kind", "created_at"], name="job_by_subject"),
            models.Index(fields=["connection", "kind", "created_at"], name="job_by_connection"),
            models.Index(
                fields=["organization", "kind"],
                name="job_unfinished",
                condition=models.Q(finished_at=None),
            ),
            models.Index(fields=["finished_at"], name="job_failed", condition=models.Q(state="failed")),
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

    def rate(self) -> float | None:
        """Return items per second of work, or None if it is too early to tell."""
        return self.done / self.work_seconds if self.done and self.work_seconds >= 1 else None

    def eta(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the job will finish at its current rate. Return None if it waits, is paused or has ended."""
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
    """A line of a job's log. It may hold ids and numbers, but no personal data."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    at = models.DateTimeField()
    level = models.CharField(max_length=8, default="info")
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"line {self.pk}"


class Schedule(models.Model):
    """When a periodic task is due next. `integrations.jobs.schedules` holds the tasks themselves."""

    name = models.CharField(max_length=64, primary_key=True)
    due_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
