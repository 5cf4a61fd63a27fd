"""Which encryption keys are known to which process, and since when."""

from django.db import models


class KnownKeys(models.Model):
    """A process and the ids of the keys it was started with, the one that it seals with first.

    ``marks`` is `secrets.key_marks` of it: somebody may have made another key of the same id.
    """

    process = models.CharField(primary_key=True, max_length=120)
    keys = models.JSONField(default=list)
    marks = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["process"]

    def __str__(self) -> str:
        return self.process


class FirstSeen(models.Model):
    """When a process reported a key for the first time: its age."""

    key = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key
