"""Total Expert environments, the partner's application in each, and the organizations installed there."""

import uuid
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.db import models

from portal.encryption.fields import EncryptedField
from portal.organizations.models import Organization


class Environment(models.Model):
    """A Total Expert environment: CT, production, or the sandbox."""

    name = models.SlugField(max_length=32, unique=True)
    label = models.CharField(max_length=60)
    base_url = models.URLField(help_text="Ends in /v1. ENVIRONMENT_HOSTS must list its host.")
    host = models.CharField(
        max_length=255,
        editable=False,
        db_index=True,
        help_text="Host and port of base_url. Environments with the same host share its limits.",
    )
    authorize_url = models.URLField()
    web_url = models.CharField(
        max_length=200,
        blank=True,
        help_text="Page of a contact in Total Expert, with {id} for the contact's ID. Empty: none is offered.",
    )
    is_production = models.BooleanField(default=False)
    calls_per_minute = models.PositiveIntegerField(default=900, help_text="0: no limit")
    tokens_per_hour = models.PositiveIntegerField(default=2, help_text="0: no limit")
    token_body = models.CharField(max_length=4, default="json", choices=[("json", "JSON"), ("form", "Form")])
    pkce = models.BooleanField(
        default=True, help_text="Whether authorization requests have a code challenge (PKCE, RFC 7636)"
    )

    class Meta:
        ordering = ["is_production", "name"]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.host = host_of(self.base_url)
        super().save(*args, **kwargs)

    def web_link(self, id: int) -> str:
        """Return the URL of a contact's page in Total Expert, or "" if it isn't known."""
        return self.web_url.replace("{id}", str(id))


def host_of(url: str) -> str:
    """Return the host and port of a URL. The port is always included."""
    parts = urlsplit(url)
    return f"{parts.hostname or ''}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


class ApplicationCredential(models.Model):
    """The partner's own client id and secret in one environment. People of all organizations authorize this application."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    environment = models.OneToOneField(Environment, on_delete=models.PROTECT, related_name="application")
    client_id = EncryptedField(label="connections.application.client_id", owner="environment")
    client_secret = EncryptedField(label="connections.application.client_secret", owner="environment")
    scopes = models.TextField(default="leadInteraction getUsers describeSchema")
    created_at = models.DateTimeField()
    refused_at = models.DateTimeField(
        null=True,
        help_text="When Total Expert rejected them. Nothing is sent with them until they are replaced.",
    )

    def __str__(self) -> str:
        return f"application credential {self.pk}"


class InstallationQuerySet(models.QuerySet["Installation"]):
    def production_first(self) -> "InstallationQuerySet":
        """Order as pages list them: production before test environments, then the older ones first."""
        return self.order_by("-environment__is_production", "created_at")


class Installation(models.Model):
    """One organization in one environment. Record ids are unique per environment, so synced data belongs to it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="installations")
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="installations")
    created_at = models.DateTimeField()

    objects: ClassVar[InstallationQuerySet] = InstallationQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "environment"], name="one_installation_each")
        ]
        ordering = ["environment__is_production", "created_at"]
        indexes = [models.Index(fields=["created_at"], name="installation_by_creation")]

    def __str__(self) -> str:
        return f"installation {self.pk}"
