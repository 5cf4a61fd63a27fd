"""Environments: validate their URLs, convert them for the API client, and choose the one for user authorization.

A URL entered in the browser is only called if ``ENVIRONMENT_HOSTS`` lists its host. That setting can't be changed in
the browser, which prevents server-side request forgery.
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import QuerySet

from integrations import total_expert
from integrations.connections.models import Connection, ConnectionState, Environment
from integrations.total_expert.environment import is_loopback
from portal.organizations.models import Organization


def validate_host(url: str) -> None:
    """Raise ValidationError unless ``url`` has an allowed host and uses https (http only for this machine)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValidationError("Enter a valid URL.") from None
    host = parts.hostname or ""
    named = f"{host}:{port}" if port else host
    if host not in settings.ENVIRONMENT_HOSTS and named not in settings.ENVIRONMENT_HOSTS:
        raise ValidationError(
            "The portal may not call this host. To allow it, add it to the ENVIRONMENT_HOSTS setting where the portal is "
            "installed."
        )
    if parts.username or parts.password:
        raise ValidationError("The URL must not contain a user name or password.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise ValidationError("The URL must start with https://.")


def validate_web_url(url: str) -> None:
    """Raise ValidationError unless ``url`` has {id} once, after its host, and is otherwise an address that is allowed."""
    if url.count("{id}") != 1:
        raise ValidationError("The URL must contain {id} once, where the contact's ID belongs.")
    example = url.replace("{id}", "1")
    URLValidator(schemes=["http", "https"])(example)
    validate_host(example)
    if urlsplit(url).netloc != urlsplit(example).netloc:
        raise ValidationError("{id} must come after the host.")


def origin(url: str) -> str:
    """Return the origin of a URL: scheme, host, and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def client_environment(environment: Environment) -> total_expert.Environment:
    """Return an environment as the API client takes it. Raise ValidationError if a URL is invalid or not allowed."""
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


#: The states of a connection that was granted access and not given up. Credentials that were refused leave another one.
_CONNECTED = (ConnectionState.ACTIVE, ConnectionState.PAUSED, ConnectionState.NEEDS_RECONNECT)


def consent_environment(organization: Organization) -> Environment | None:
    """Return where people of an organization give access: where it is connected, or else production."""
    able = Environment.objects.filter(application__isnull=False).order_by("-is_production", "pk")
    return able.filter(pk__in=_connected_environments(organization)).first() or able.first()


def allows_consent(environment: Environment, organization: Organization) -> bool:
    """Return whether people of an organization may give access in an environment. Only operators can add environments."""
    connected = _connected_environments(organization).filter(pk=environment.pk)
    return connected.exists() or environment == consent_environment(organization)


def _connected_environments(organization: Organization) -> "QuerySet[Environment]":
    connections = Connection.objects.filter(
        installation__organization=organization, state__in=_CONNECTED
    ).order_by()
    return Environment.objects.filter(pk__in=connections.values("installation__environment")).order_by()
