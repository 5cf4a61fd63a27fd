"""Outbound IP addresses, the limits Total Expert applies to each, and the kill switch."""

import uuid

from django.conf import settings
from django.db import models

from portal.encryption.fields import EncryptedField


class Egress(models.Model):
    """An outbound IP address: this server's own, or that of a proxy."""

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
    """The usage of one Total Expert host from one outbound IP address.

    Total Expert counts by IP address, for all customers and credentials together. ``pacer`` holds a
    `pacing.PacerState`, which only `permits` changes. The row's lock also guards the token requests in the ledger.
    """

    host = models.CharField(max_length=255, help_text="Host and port of the API")
    egress = models.ForeignKey(Egress, on_delete=models.PROTECT, related_name="budgets")
    others_calls = models.PositiveIntegerField(
        default=0, help_text="Calls per minute that other programs make from this address"
    )
    others_tokens = models.PositiveIntegerField(
        default=0, help_text="Token requests per hour that other programs make from this address"
    )
    pacer = models.JSONField(default=dict)
    unexplained_refusals = models.PositiveIntegerField(
        default=0, help_text="429 responses received while the portal stayed within the limit"
    )
    unexplained_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["host", "egress"], name="one_budget_each")]

    def __str__(self) -> str:
        return f"budget {self.pk}"


class KillSwitch(models.Model):
    """The kill switch. While its only row exists, the portal sends nothing to Total Expert."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=255)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_kill_switch")]

    def __str__(self) -> str:
        return "kill switch"
