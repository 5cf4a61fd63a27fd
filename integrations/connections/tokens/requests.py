"""Prepare token requests from database rows, so that they can be sent later, outside any transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from integrations import total_expert
from integrations.connections import environments
from integrations.connections.limits.egress import proxies_for
from integrations.connections.models import ApplicationCredential, Connection, Egress, Environment
from integrations.total_expert import ReconnectRequired, Rejected, oauth
from portal.core import clock

#: Adapters that replace the network, by base URL. Only tests use this.
ADAPTERS: dict[str, Any] = {}


def client_environment(environment: Environment) -> total_expert.Environment:
    """Return an environment as the API client takes it. Raise Rejected if its host may not be called."""
    try:
        return environments.client_environment(environment)
    except ValidationError as problem:
        raise Rejected([" ".join(problem.messages)], code="host_not_allowed") from None


@dataclass(frozen=True)
class PreparedRequest:
    """A token request that is ready to be sent by calling it. Its repr shows no secrets."""

    send: Callable[[], total_expert.TokenResponse] = field(repr=False)

    def __call__(self) -> total_expert.TokenResponse:
        return self.send()


def client_credentials(
    environment: Environment, client_id: str, client_secret: str, *, egress: Egress | None
) -> PreparedRequest:
    """Prepare a request with an organization's own client id and secret. Raise Rejected."""
    return PreparedRequest(
        partial(
            oauth.client_credentials,
            client_environment(environment),
            client_id=client_id,
            client_secret=client_secret,
            adapter=ADAPTERS.get(environment.base_url),
            proxies=proxies_for(egress),
        )
    )


def refresh(connection: Connection, refresh_token: str) -> PreparedRequest:
    """Prepare a request that exchanges a refresh token for a new pair. Raise Rejected or ReconnectRequired."""
    environment = connection.installation.environment
    application = get_application(environment)
    return PreparedRequest(
        partial(
            oauth.refresh,
            client_environment(environment),
            client_id=str(application.client_id),
            client_secret=str(application.client_secret),
            refresh_token=refresh_token,
            scopes=connection.granted_scopes,
            adapter=ADAPTERS.get(environment.base_url),
            proxies=proxies_for(connection.egress),
        )
    )


def exchange_code(
    connection: Connection, *, code: str, redirect_uri: str, code_verifier: str | None = None
) -> PreparedRequest:
    """Prepare a request that exchanges an authorization code, which is valid for 30 seconds and works once.

    Raise Rejected or ReconnectRequired.
    """
    environment = connection.installation.environment
    application = get_application(environment)
    return PreparedRequest(
        partial(
            oauth.exchange_code,
            client_environment(environment),
            client_id=str(application.client_id),
            client_secret=str(application.client_secret),
            code=code,
            redirect_uri=redirect_uri,
            code_verifier=code_verifier,
            scopes=application.scopes.split(),
            adapter=ADAPTERS.get(environment.base_url),
            proxies=proxies_for(connection.egress),
        )
    )


def get_application(environment: Environment) -> ApplicationCredential:
    """Return the partner's application in an environment.

    Raise ReconnectRequired if its credentials were never entered, and Rejected if Total Expert rejected them.
    """
    application = ApplicationCredential.objects.filter(environment=environment).first()
    if application is None:
        raise ReconnectRequired(
            "This environment has no application credentials. An operator can enter them under Settings."
        )
    if application.refused_at is not None:
        raise _application_rejected(environment)
    return application


def reject_application(environment: Environment) -> Rejected:
    """Record that Total Expert rejected the partner's application, and return the error to raise.

    From then on nothing is sent with it. The people's grants still work, so no connection changes its state.
    """
    ApplicationCredential.objects.filter(environment=environment).update(refused_at=clock.now())
    return _application_rejected(environment)


def _application_rejected(environment: Environment) -> Rejected:
    return Rejected(
        [
            f"Total Expert no longer accepts the partner's application in {environment.label}. No access is lost. An "
            "operator can enter its client id and secret again under Settings, and work continues."
        ],
        code="application_refused",
    )
