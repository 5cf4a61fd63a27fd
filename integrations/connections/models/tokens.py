"""Tokens, the ledger of token requests, and the queue for the next ones."""

import datetime as dt
import uuid

from django.conf import settings
from django.db import models

from integrations.connections.models.connections import Connection, is_fresh
from integrations.connections.models.limits import Budget
from integrations.total_expert import token_response
from portal.encryption.fields import EncryptedField


class Token(models.Model):
    """The current token pair of a connection. Only `tokens.access` and `grants.client_credentials` change it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="token")
    access_token = EncryptedField(label="connections.token.access", owner="connection", null=True)
    access_expires_at = models.DateTimeField(null=True)
    access_lifetime = models.PositiveIntegerField(
        default=token_response.DEFAULT_LIFETIME, help_text="Seconds from its grant until it expires"
    )
    refresh_token = EncryptedField(label="connections.token.refresh", owner="connection", null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(
        default=0, help_text="Increases with each lease. A holder with an older fence can't write."
    )

    def __str__(self) -> str:
        return f"token of {self.connection_id}"

    def is_fresh(self, at: dt.datetime) -> bool:
        """Return whether its access token is still used. One that lives for a minute or less is used for most of it."""
        return is_fresh(self.access_expires_at, self.access_lifetime, at)


class Purpose(models.TextChoices):
    """Why a token is requested. `queue.RANK_BY_PURPOSE` says who goes first."""

    CONSENT = "consent", "User authorization"
    PERSON = "person", "User request"
    INTAKE = "intake", "New leads or survey answers"
    PRIVACY = "privacy", "Privacy request"
    WORK = "work", "Background work"
    KEEP_ALIVE = "keep_alive", "Access renewal"


class RequestState(models.TextChoices):
    RESERVED = "reserved", "Reserved for a user"
    OPEN = "open", "In progress"
    GRANTED = "granted", "Granted"
    REFUSED = "refused", "Refused"
    LOST = "lost", "Response lost"
    RELEASED = "released", "Not sent"


class TokenRequest(models.Model):
    """One token request in the ledger, written before it is sent. Only `ledger` writes these rows. Failed ones count."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    budget = models.ForeignKey(Budget, on_delete=models.PROTECT, related_name="token_requests")
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.SET_NULL, related_name="token_requests"
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    rank = models.PositiveSmallIntegerField(
        null=True, help_text="The `scheduler.Rank` with which it was allowed"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The person who entered the client credentials that it tries. Empty for all other requests.",
    )
    state = models.CharField(max_length=16, choices=RequestState.choices)
    fence = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(help_text="When it was sent or reserved")
    held_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["budget", "at"]),
            models.Index(fields=["at"], name="token_request_by_time"),
        ]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"token request {self.pk}"


class TokenDemand(models.Model):
    """An entry in the queue for token requests: work that needs a token of a connection.

    The scheduler orders the queue from these rows and the ledger alone. The row stays until its connection is granted a
    token or the work is withdrawn.
    """

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="demands")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    due_at = models.DateTimeField(help_text="The deadline of the work")
    stale_since = models.DateTimeField(help_text="When the data that the work refreshes was last read")
    requested_at = models.DateTimeField()
    expected_at = models.DateTimeField(
        help_text="When the caller was told to retry. Some time later the entry is ignored."
    )
    prioritized_at = models.DateTimeField(null=True, help_text="When an operator moved it to the front")
    prioritized_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "purpose"], name="one_demand_each")]

    def __str__(self) -> str:
        return f"demand {self.pk}"
