"""Environments, installations, connections, their tokens, and the ledger of token requests."""

import datetime as dt
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from portal.organizations.models import Organization
from portal.secrets import EncryptedField


class Environment(models.Model):
    """A world of Total Expert's: CT, production, or the sandbox. Data, never a constant in code."""

    name = models.SlugField(max_length=32, unique=True)
    label = models.CharField(max_length=60)
    base_url = models.URLField(help_text="Ends in /v1. Its host must be listed in ENVIRONMENT_HOSTS.")
    authorize_url = models.URLField()
    is_production = models.BooleanField(default=False)
    calls_per_minute = models.PositiveIntegerField(default=900, help_text="0: no limit")
    tokens_per_hour = models.PositiveIntegerField(default=2, help_text="0: no limit")
    token_body = models.CharField(max_length=4, default="json", choices=[("json", "JSON"), ("form", "Form")])

    class Meta:
        ordering = ["is_production", "name"]

    def __str__(self) -> str:
        return self.label


class ApplicationCredential(models.Model):
    """The partner's own client id and secret in one environment: people of every organization consent to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.OneToOneField(Environment, on_delete=models.PROTECT, related_name="application")
    client_id = EncryptedField(label="connections.application.client_id")
    client_secret = EncryptedField(label="connections.application.client_secret")
    scopes = models.CharField(max_length=255, default="leadInteraction getUsers describeSchema")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"application credential {self.pk}"


class Installation(models.Model):
    """One organization in one environment. Ids of two environments never mix, so mirrors hang off this."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="installations")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="installations")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "environment"], name="one_installation_each")
        ]
        ordering = ["environment__is_production", "created_at"]

    def __str__(self) -> str:
        return f"installation {self.pk}"


class Landmark(models.Model):
    """The fingerprint of one of an installation's oldest records: by it a grant of another organization is noticed."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="landmarks")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "Connection",
        null=True,
        on_delete=models.CASCADE,
        related_name="landmarks",
        help_text="Whose grant showed it; it goes with the grant",
    )
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "digest"], name="one_landmark_each")]

    def __str__(self) -> str:
        return f"landmark {self.pk}"


class Grant(models.TextChoices):
    """How a connection was granted, and so whose eyes it sees with."""

    CLIENT_CREDENTIALS = "client_credentials", "Client credentials (as admin)"
    AUTHORIZATION_CODE = "authorization_code", "Consent of a person (as user)"


class State(models.TextChoices):
    """What a connection is good for now. `reason` says why."""

    PENDING = "pending", "Not connected yet"
    ACTIVE = "active", "Active"
    NEEDS_RECONNECT = "needs_reconnect", "Needs reconnect"
    PAUSED = "paused", "Paused"
    QUARANTINED = "quarantined", "Quarantined"
    REVOKED = "revoked", "Revoked"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def working(self) -> "ConnectionQuerySet":
        return self.filter(state=State.ACTIVE)

    def admitted(self) -> "ConnectionQuerySet":
        """Working ones whose records may be mirrored: the tripwire has looked at their grant."""
        return self.working().filter(admitted_at__isnull=False)


class Connection(models.Model):
    """One grant into an installation. It keeps its id, and so its history, when it is granted again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="connections")
    grant = models.CharField(max_length=20, choices=Grant.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="connections"
    )
    client_id = EncryptedField(label="connections.connection.client_id", null=True)
    client_secret = EncryptedField(label="connections.connection.client_secret", null=True)
    client_fingerprint = models.CharField(max_length=64, blank=True)
    scopes = models.CharField(max_length=255, blank=True, help_text="As granted, space separated")
    state = models.CharField(max_length=16, choices=State.choices, default=State.PENDING)
    reason = models.CharField(max_length=255, blank=True)
    since = models.DateTimeField()
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(
        null=True, help_text="When its grant was found to be this organization's; before, nothing is mirrored"
    )
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    conflicts_with = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The connection of another organization that showed the same records first",
    )

    objects: ClassVar[ConnectionQuerySet] = ConnectionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "user"],
                condition=models.Q(grant="authorization_code"),
                name="one_consent_a_person",
            ),
            models.UniqueConstraint(
                fields=["installation"],
                condition=models.Q(grant="client_credentials"),
                name="one_admin_connection",
            ),
        ]

    def __str__(self) -> str:
        return f"connection {self.pk}"

    @property
    def sees_everything(self) -> bool:
        return self.grant == Grant.CLIENT_CREDENTIALS

    @property
    def granted_scopes(self) -> frozenset[str]:
        return frozenset(self.scopes.split())


class CredentialCandidate(models.Model):
    """Client credentials that were pasted and not tried yet. What works already stays until they are granted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="candidate")
    client_id = EncryptedField(label="connections.candidate.client_id")
    client_secret = EncryptedField(label="connections.candidate.client_secret")
    fingerprint = models.CharField(max_length=64, db_index=True)
    access_token = EncryptedField(label="connections.candidate.access", null=True)
    access_expires_at = models.DateTimeField(null=True)
    scopes = models.CharField(max_length=255, blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    def __str__(self) -> str:
        return f"candidate of {self.connection_id}"

    def is_fresh(self, at: dt.datetime) -> bool:
        """Whether the token that it was granted is still good for a minute."""
        return self.access_expires_at is not None and self.access_expires_at - dt.timedelta(seconds=60) > at


class Token(models.Model):
    """The current pair of one connection. Changed only in `integrations.connections.tokens`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="token")
    access_token = EncryptedField(label="connections.token.access", null=True)
    access_expires_at = models.DateTimeField(null=True)
    refresh_token = EncryptedField(label="connections.token.refresh", null=True)
    refresh_expires_at = models.DateTimeField(null=True)
    lease_holder = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(
        default=0, help_text="Rises with every lease; an older one can't write"
    )

    def __str__(self) -> str:
        return f"token of {self.connection_id}"

    def is_fresh(self, at: dt.datetime, margin: dt.timedelta) -> bool:
        return self.access_expires_at is not None and self.access_expires_at - margin > at


class Purpose(models.TextChoices):
    """Why a token is asked for."""

    CONSENT = "consent", "Somebody consents"
    PERSON = "person", "Somebody waits"
    WORK = "work", "Work is due"


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
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    egress = models.CharField(max_length=64, default="direct", help_text="The source address it goes out by")
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.SET_NULL, related_name="token_requests"
    )
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    state = models.CharField(max_length=16, choices=RequestState.choices)
    fence = models.PositiveBigIntegerField(default=0)
    at = models.DateTimeField(help_text="When it was sent; of a held slot: when it was taken")
    held_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["environment", "egress", "at"])]
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"token request {self.pk}"


class TokenDemand(models.Model):
    """Work that needs a token of a connection. The scheduler reads nothing else."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="demands")
    purpose = models.CharField(max_length=32)
    due_at = models.DateTimeField()
    stale_since = models.DateTimeField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "purpose"], name="one_demand_each")]

    def __str__(self) -> str:
        return f"demand {self.pk}"


class CallCount(models.Model):
    """How many calls were permitted in one second of one source address: the sliding minute is summed from these."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, related_name="+")
    egress = models.CharField(max_length=64, default="direct")
    second = models.BigIntegerField()
    calls = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["environment", "egress", "second"], name="one_count_a_second")
        ]

    def __str__(self) -> str:
        return f"{self.calls} at {self.second}"


class ConsentAttempt(models.Model):
    """A person on the way to Total Expert and back. Only the state's hash is kept; it works once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="consent_attempts")
    slot = models.ForeignKey(TokenRequest, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return f"consent attempt {self.pk}"
