"""Source addresses, what Total Expert allows each of them, and the switch that stops everything."""

import uuid

from django.conf import settings
from django.db import models

from portal.encryption.fields import EncryptedField


class Egress(models.Model):
    """A source address by which calls go out: this machine's own, or that of a proxy."""

    DIRECT = "direct"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=32, unique=True)
    label = models.CharField(max_length=60)
    proxy_url = EncryptedField(label="connections.egress.proxy_url", null=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.label

    @property
    def is_direct(self) -> bool:
        return self.name == self.DIRECT


class Budget(models.Model):
    """What one of Total Expert's hosts lets one source address do, and how it is used now.

    The vendor counts by source address, for all customers and credentials together. ``line`` is a `pacing.Line`,
    changed only in `permits`; whoever holds this row's lock may also enter a token request into the ledger.
    """

    host = models.CharField(max_length=255, help_text="Host and port of the API address")
    egress = models.ForeignKey(Egress, on_delete=models.PROTECT, related_name="budgets")
    others_calls = models.PositiveIntegerField(
        default=0, help_text="Calls a minute that other programs make from this address"
    )
    others_tokens = models.PositiveIntegerField(
        default=0, help_text="Token requests an hour that other programs make from this address"
    )
    line = models.JSONField(default=dict)
    unexplained = models.PositiveIntegerField(
        default=0, help_text="Refusals for too many calls (429) while this ledger was within the limit"
    )
    unexplained_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "egress"], name="one_budget_each")]

    def __str__(self) -> str:
        return f"budget {self.pk}"


class Stop(models.Model):
    """The stop-everything switch: while this row is there, nothing is sent to Total Expert."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=255)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_stop")]

    def __str__(self) -> str:
        return "stop"
