"""Connections, the credentials and fingerprints that belong to them, and consent attempts."""

import datetime as dt
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from integrations.connections.models.environments import Environment, Installation
from integrations.connections.models.limits import Egress
from integrations.total_expert import token_response
from portal.encryption.fields import EncryptedField


class GrantType(models.TextChoices):
    """The OAuth grant of a connection. It decides whose records the connection can see."""

    CLIENT_CREDENTIALS = "client_credentials", "Client credentials (admin access)"
    AUTHORIZATION_CODE = "authorization_code", "User authorization (one person's access)"


class ConnectionState(models.TextChoices):
    """What a connection can be used for now. `Connection.reason` says why."""

    PENDING = "pending", "Not connected yet"
    ACTIVE = "active", "Active"
    NEEDS_RECONNECT = "needs_reconnect", "Needs reconnect"
    PAUSED = "paused", "Paused"
    QUARANTINED = "quarantined", "Quarantined"
    REVOKED = "revoked", "Revoked"


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def working(self) -> "ConnectionQuerySet":
        return self.filter(state=ConnectionState.ACTIVE)

    def admitted(self) -> "ConnectionQuerySet":
        """Keep active connections whose records were verified to belong to their organization."""
        return self.working().filter(admitted_at__isnull=False)


class Connection(models.Model):
    """One grant into an installation. A new grant reuses the row, so that its id and history stay."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    installation = models.ForeignKey(Installation, on_delete=models.PROTECT, related_name="connections")
    grant = models.CharField(max_length=20, choices=GrantType.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="connections"
    )
    egress = models.ForeignKey(
        Egress,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="connections",
        help_text="Empty: this server's own IP address",
    )
    client_id = EncryptedField(label="connections.connection.client_id", owner="installation", null=True)
    client_secret = EncryptedField(
        label="connections.connection.client_secret", owner="installation", null=True
    )
    client_fingerprint = models.CharField(max_length=64, blank=True)
    scopes = models.TextField(blank=True, help_text="Granted scopes, separated by spaces")
    state = models.CharField(max_length=16, choices=ConnectionState.choices, default=ConnectionState.PENDING)
    reason = models.CharField(max_length=255, blank=True)
    since = models.DateTimeField()
    created_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True)
    admitted_at = models.DateTimeField(
        null=True,
        help_text="When its records were verified to belong to this organization. Nothing is synced before.",
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
        indexes = [models.Index(fields=["created_at"], name="connection_by_creation")]
        constraints = [
            models.UniqueConstraint(
                fields=["installation", "user"],
                condition=models.Q(grant=GrantType.AUTHORIZATION_CODE),
                name="one_consent_a_person",
            ),
            models.UniqueConstraint(
                fields=["installation"],
                condition=models.Q(grant=GrantType.CLIENT_CREDENTIALS),
                name="one_admin_connection",
            ),
        ]

    def __str__(self) -> str:
        return f"connection {self.pk}"

    @property
    def sees_everything(self) -> bool:
        return self.grant == GrantType.CLIENT_CREDENTIALS

    @property
    def granted_scopes(self) -> frozenset[str]:
        return frozenset(self.scopes.split())

    @property
    def is_active(self) -> bool:
        return self.state == ConnectionState.ACTIVE

    @property
    def is_paused(self) -> bool:
        return self.state == ConnectionState.PAUSED

    @property
    def is_revoked(self) -> bool:
        return self.state == ConnectionState.REVOKED

    @property
    def needs_new_grant(self) -> bool:
        """Whether it was connected before and works again only after a reconnect."""
        return self.state in (
            ConnectionState.NEEDS_RECONNECT,
            ConnectionState.QUARANTINED,
            ConnectionState.REVOKED,
        )


class CredentialCandidate(models.Model):
    """Client credentials that were entered and not tried yet. They replace the current ones once they work."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="candidate")
    client_id = EncryptedField(label="connections.candidate.client_id", owner="connection")
    client_secret = EncryptedField(label="connections.candidate.client_secret", owner="connection")
    fingerprint = models.CharField(max_length=64, db_index=True)
    access_token = EncryptedField(label="connections.candidate.access", owner="connection", null=True)
    access_expires_at = models.DateTimeField(null=True)
    access_lifetime = models.PositiveIntegerField(default=token_response.DEFAULT_LIFETIME)
    scopes = models.TextField(blank=True)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    proposed_at = models.DateTimeField(null=True, db_index=True)

    def __str__(self) -> str:
        return f"candidate of {self.connection_id}"

    def is_fresh(self, at: dt.datetime) -> bool:
        """Return whether it has an access token that is still used."""
        return is_fresh(self.access_expires_at, self.access_lifetime, at)


def is_fresh(expires_at: dt.datetime | None, lifetime: int, at: dt.datetime) -> bool:
    """Return whether an access token with this lifetime, in seconds, is still used. A little of it is left unused."""
    margin = dt.timedelta(seconds=lifetime - token_response.usable_seconds(lifetime))
    return expires_at is not None and expires_at - margin > at


class RecordFingerprint(models.Model):
    """The fingerprint of one record that identifies an installation's organization at Total Expert."""

    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="fingerprints")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(
        "Connection",
        null=True,
        on_delete=models.CASCADE,
        related_name="fingerprints",
        help_text="The connection that showed the record. Deleted with its grant.",
    )
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "digest"], name="one_fingerprint_each")]

    def __str__(self) -> str:
        return f"record fingerprint {self.pk}"


class ConsentAttempt(models.Model):
    """A person's trip to Total Expert and back. Only a hash of the OAuth state is stored. It works once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state_hash = models.CharField(max_length=64, unique=True)
    session_hash = models.CharField(max_length=64)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    installation = models.ForeignKey(Installation, on_delete=models.CASCADE, related_name="consent_attempts")
    slot = models.ForeignKey("TokenRequest", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consumed_at = models.DateTimeField(null=True)
    code_verifier = EncryptedField(label="connections.consent.code_verifier", owner="user", null=True)
    outcome = models.CharField(max_length=32, blank=True)

    def __str__(self) -> str:
        return f"consent attempt {self.pk}"
