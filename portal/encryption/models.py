"""Which process knows which encryption keys, and when each key was first seen."""

from django.db import models


class KnownKeys(models.Model):
    """The keys a process was started with: their ids, the active one first, and their check values by id."""

    process = models.CharField(primary_key=True, max_length=120)
    keys = models.JSONField(default=list)
    check_values = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["process"]

    def __str__(self) -> str:
        return self.process


class FirstSeen(models.Model):
    """When a process first reported a key."""

    key = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
