"""The call log: each API call and its result."""

from django.db import models

from integrations.connections.models.connections import Connection
from integrations.connections.models.limits import Budget


class Call(models.Model):
    """One API call, without query values, headers, or bodies. Kept for 15 days.

    On PostgreSQL the table has one partition a day, which `call_partitions` creates and drops.
    """

    at = models.DateTimeField()
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="calls")
    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="+")
    method = models.CharField(max_length=6)
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty: no response")
    milliseconds = models.PositiveIntegerField()
    waited = models.PositiveIntegerField(default=0, help_text="Milliseconds spent waiting for a permit")
    job = models.BigIntegerField(null=True, help_text="The id of the job that made the call")
    request_id = models.CharField(max_length=100, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "-id"], name="call_by_connection"),
            models.Index(
                fields=["connection", "-id"],
                condition=models.Q(status=None) | models.Q(status__gte=400),
                name="call_failed",
            ),
            models.Index(fields=["budget", "at"]),
            models.Index(fields=["at"]),
            models.Index(fields=["job"], condition=models.Q(job__isnull=False), name="call_by_job"),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"
