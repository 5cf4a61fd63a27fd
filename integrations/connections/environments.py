"""Environments: which hosts may ever be called, and what the client is told about one.

No request goes to an address that a person typed unless its host is listed in ``ENVIRONMENT_HOSTS``: that list is
set where the portal is installed, not in the browser, which rules out server-side request forgery.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError

from integrations import total_expert
from integrations.connections.models import Environment
from integrations.total_expert.environment import is_loopback
from portal.organizations.models import Organization


def validate_host(url: str) -> None:
    """Raise ValidationError unless ``url`` may be called: https (http on this machine only) and an allowed host."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError("This is not an address.") from None
    host = parts.hostname or ""
    named = f"{host}:{port}" if port else host
    if host not in settings.ENVIRONMENT_HOSTS and named not in settings.ENVIRONMENT_HOSTS:
        raise ValidationError(
            "The host of this address is not allowed. Whoever installed the portal lists the hosts it may call in "
            "ENVIRONMENT_HOSTS."
        )
    if parts.username or parts.password:
        raise ValidationError("An address must not contain a user name or password.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValidationError("The address must start with https://.")


def origin(url: str) -> str:
    """Scheme, host and port of an address, as a Content-Security-Policy wants them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def client_environment(environment: Environment) -> total_expert.Environment:
    """What the API client is told. Raises ValidationError for an address that is none or may not be called."""
    validate_host(environment.base_url)
    validate_host(environment.authorize_url)
    try:
        return total_expert.Environment(
            name=environment.name,
            base_url=environment.base_url,
            authorize_url=environment.authorize_url,
            token_body="form" if environment.token_body == "form" else "json",
        )
    except ValueError as problem:
        raise ValidationError(str(problem)) from None


def consent_environment(organization: Organization) -> Environment | None:
    """Where somebody of ``organization`` consents: where it is installed already, or else production."""
    able = Environment.objects.filter(application__isnull=False).order_by("-is_production", "pk")
    return able.filter(installations__organization=organization).first() or able.first()


def allows_consent(environment: Environment, organization: Organization) -> bool:
    """Whether somebody of ``organization`` may consent in ``environment``: a world is opened by operators."""
    installed = environment.installations.filter(organization=organization).exists()
    return installed or environment == consent_environment(organization)
