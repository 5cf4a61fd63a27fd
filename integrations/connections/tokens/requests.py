"""Token requests for the wire: made ready from rows, sent later, outside any transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError

from integrations import total_expert
from integrations.connections import environments
from integrations.connections.limits import egress
from integrations.connections.models import ApplicationCredential, Connection, Egress, Environment
from integrations.total_expert import ReconnectRequired, Rejected, oauth
from portal.core import clock

#: Adapters to mount instead of the network, by base address. Only tests put anything here.
ADAPTERS: dict[str, Any] = {}


def client_environment(environment: Environment) -> total_expert.Environment:
    """The environment as the client knows it. Raises Rejected when its host may not be called."""
    try:
        return environments.client_environment(environment)
    except ValidationError as problem:
        raise Rejected([" ".join(problem.messages)], code="host_not_allowed") from None


@dataclass(frozen=True)
class PreparedRequest:
    """A token request that needs nothing more but to be sent. What could forbid it was looked up before.

    Its repr shows nothing of the secrets that it sends.
    """

    request: Callable[[], total_expert.TokenResponse] = field(repr=False)

    def __call__(self) -> total_expert.TokenResponse:
        return self.request()


def client_credentials(
    environment: Environment, client_id: str, client_secret: str, *, way: Egress | None
) -> PreparedRequest:
    """Ask for a token by an organization's own client id and secret, by ``way``. Raises Rejected."""
    return PreparedRequest(
        partial(
            oauth.client_credentials,
            client_environment(environment),
            client_id=client_id,
            client_secret=client_secret,
            adapter=ADAPTERS.get(environment.base_url),
            proxies=egress.proxies_for(way),
        )
    )


def refresh(connection: Connection, refresh_token: str) -> PreparedRequest:
    """Exchange a refresh token, which dies by it, for a new pair. Raises Rejected or ReconnectRequired."""
    environment = connection.installation.environment
    application = get_application(environment)
    return PreparedRequest(
        partial(
            oauth.refresh,
            client_environment(environment),
            client_id=str(application.client_id),
            client_secret=str(application.client_secret),
            refresh_token=refresh_token,
            adapter=ADAPTERS.get(environment.base_url),
            proxies=egress.proxies_for(connection.egress),
        )
    )


def exchange_code(connection: Connection, *, code: str, redirect_uri: str) -> PreparedRequest:
    """Exchange the code that a consenting person brought back. It lives 30 seconds and works once.

    Raises Rejected or ReconnectRequired.
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
            adapter=ADAPTERS.get(environment.base_url),
            proxies=egress.proxies_for(connection.egress),
        )
    )


def get_application(environment: Environment) -> ApplicationCredential:
    """The partner's application there. Raises ReconnectRequired when none was entered, Rejected when it was refused."""
    application = ApplicationCredential.objects.filter(environment=environment).first()
    if application is None:
        raise ReconnectRequired(
            "There are no application credentials for this environment. An operator enters them."
        )
    if application.refused_at is not None:
        raise _application_rejected(environment)
    return application


def reject_application(environment: Environment) -> Rejected:
    """Total Expert does not know the partner's own client: say so once instead of trying with every connection.

    The grants of people are as good as before, so no connection changes its state. Answers what to raise.
    """
    ApplicationCredential.objects.filter(environment=environment).update(refused_at=clock.now())
    return _application_rejected(environment)


def _application_rejected(environment: Environment) -> Rejected:
    return Rejected(
        [
            f"Total Expert does not know the partner's application in {environment.label} any more. No consent is lost. "
            "An operator enters its client id and secret again under Settings; then everything goes on."
        ],
        code="application_refused",
    )
