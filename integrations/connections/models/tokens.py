"""Token pairs, the ledger of token requests, and the demands that wait for one."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models

from integrations.connections.models.connections import Connection
from integrations.connections.models.limits import Budget
from portal.encryption.fields import EncryptedField


class Token(models.Model):
    """The current pair of one connection. Changed only in `integrations.connections.tokens.access`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="token")
    access_token = EncryptedField(label="connections.token.access", null=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_token = EncryptedField(label="connections.token.refresh", null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(
        default=0, help_text="Rises with every lease; an older one can't write"
    )

    def __str__(self) -> str:
        return f"token of {self.connection_id}"

    def is_fresh(self, at: dt.datetime, margin: dt.timedelta) -> bool:
        return self.access_expires_at is not None and self.access_expires_at - margin > at


class Purpose(models.TextChoices):
    """Why a token is asked for. `turns` says who goes first."""

    CONSENT = "consent", "Somebody consents"
    PERSON = "person", "Somebody waits"
    INTAKE = "intake", "Fresh leads or answers wait"
    PRIVACY = "privacy", "A privacy deadline comes"
    WORK = "work", "Work is due"
    KEEP_ALIVE = "keep_alive", "A grant is kept alive"


class RequestState(models.TextChoices):
    RESERVED = "reserved", "Held for a consent"
    OPEN = "open", "Sent, or about to be"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    LOST = "lost", "Answer lost"
    RELEASED = "released", "Never sent"


class TokenRequest(models.Model):
    """A line of the ledger: one token request, written down before it is sent. Failed ones count."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="token_requests")
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.SET_NULL, related_name="token_requests"
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    rank = models.PositiveSmallIntegerField(null=True, help_text="Whose turn it was: a `turns.Rank`")
    state = models.CharField(max_length=16, choices=RequestState.choices)
    fence = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(help_text="When it was sent; of a held slot: when it was taken")
    held_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["budget", "at"])]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"token request {self.pk}"


class TokenDemand(models.Model):
    """Work that needs a token of a connection. Whose turn it is, `turns` decides from these rows and the ledger alone.

    It is there until its connection is granted a token or it is withdrawn.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="demands")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    due_at = models.DateTimeField(help_text="When the work should be done")
    stale_since = models.DateTimeField(help_text="How old what it renews is")
    asked_at = models.DateTimeField()
    expected_at = models.DateTimeField(
        help_text="When it was told to come back; a while later it counts as gone"
    )
    forwarded_at = models.DateTimeField(null=True, help_text="When an operator moved it forward")
    forwarded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "purpose"], name="one_demand_each")]

    def __str__(self) -> str:
        return f"demand {self.pk}"
