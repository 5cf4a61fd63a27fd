"""OAuth 2.0 with Total Expert: the authorization URL and the three token requests (RFC 6749).

requests-oauthlib runs them. Token requests are limited to a few per hour, so nothing here is retried. What to do next
depends on the error:

- `NotSent`: nothing happened, so the request can be repeated.
- `AnswerLost`: the authorization code or refresh token has probably been used up.
- Any other `TryLater`: refused for now, for example by the rate limit.
- `ReconnectRequired`: the credentials, authorization code or refresh token are not accepted (any longer).
- `Rejected`: a configuration error, such as a wrong redirect URI.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import requests
from oauthlib.oauth2 import BackendApplicationClient, WebApplicationClient
from requests.adapters import BaseAdapter
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from .environment import Environment
from .errors import Rejected, TotalExpertError
from .token_response import PATH, TokenResponse, parse_token_response
from .transport import log_filters, responses, sessions
from .transport.error_mapping import error_for_response
from .transport.network_errors import NETWORK_ERRORS, error_for_exception

#: The default connect and read timeout of token requests, in seconds. A slow response is waited for until the deadline:
#: to give up would lose what it grants.
TIMEOUT = (sessions.TIMEOUT[0], sessions.DEADLINE)
log_filters.install()


def new_code_verifier() -> str:
    """Return a random code verifier for one authorization (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(48)


def authorization_url(
    environment: Environment,
    *,
    client_id: str,
    redirect_uri: str,
    state: str,
    scopes: Iterable[str],
    code_verifier: str | None = None,
) -> str:
    """Return the URL where a person grants access. Compare `state` when the browser comes back with the code.

    With a `code_verifier`, its S256 challenge is part of the URL (PKCE, RFC 7636). Pass it to `exchange_code` too.
    """
    client = WebApplicationClient(client_id)
    challenge = {}
    if code_verifier:
        challenge = {
            "code_challenge": client.create_code_challenge(code_verifier, "S256"),
            "code_challenge_method": "S256",
        }
    # oauthlib accepts https only. Environment has checked that plain http stays on this machine.
    scheme, rest = environment.authorize_url.split("://", 1)
    url = client.prepare_request_uri(
        f"https://{rest}", redirect_uri=redirect_uri, scope=list(scopes), state=state, **challenge
    )
    return f"{scheme}{str(url).removeprefix('https')}"


def client_credentials(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    scopes: Iterable[str] = (),
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> TokenResponse:
    """Request a token that acts as admin of the organization that these credentials belong to.

    Without `scopes`, the server decides which to grant. `timeout` is (connect, read) in seconds. `adapter` replaces the
    network. `proxies` are the only ones used. Raise the three errors.
    """
    requested: list[object] = list(scopes)
    application = BackendApplicationClient(client_id, scope=requested or None)
    session = _TokenSession(environment, application, adapter, proxies, map(str, requested))
    with session:
        return session.request_token(
            lambda auth: session.fetch_token(session.url, auth=auth, timeout=timeout), client_secret
        )


def exchange_code(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str,
    scopes: Iterable[str] = (),
    code_verifier: str | None = None,
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> TokenResponse:
    """Exchange an authorization code for a pair of tokens. A code works once.

    `redirect_uri`, `scopes` and `code_verifier` are those passed to `authorization_url`. For the other arguments, see
    `client_credentials`.
    """
    _require(code, "authorization code")
    session = _TokenSession(environment, WebApplicationClient(client_id), adapter, proxies, scopes)
    session.redirect_uri = redirect_uri
    proof: dict[str, Any] = {"code_verifier": code_verifier} if code_verifier else {}
    with session:
        return session.request_token(
            lambda auth: session.fetch_token(session.url, code=code, auth=auth, timeout=timeout, **proof),
            client_secret,
            code,
            redirect_uri,
            *proof.values(),
        )


def refresh(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    scopes: Iterable[str] = (),
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> TokenResponse:
    """Exchange a refresh token for a new pair of tokens. Store the new pair at once: the old one stops working.

    `scopes` are those granted before, which aren't sent. For the other arguments, see `client_credentials`.
    """
    _require(refresh_token, "refresh token")
    session = _TokenSession(environment, WebApplicationClient(client_id), adapter, proxies, scopes)
    with session:
        return session.request_token(
            lambda auth: session.refresh_token(
                session.url, refresh_token=refresh_token, auth=auth, timeout=timeout
            ),
            client_secret,
            refresh_token,
        )


class JSONBasicAuth(HTTPBasicAuth):
    """Basic authentication that also turns requests-oauthlib's form body into the JSON that the vendor documents."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r = super().__call__(r)  # type: ignore[no-untyped-call]
        body = r.body.decode() if isinstance(r.body, bytes) else str(r.body or "")
        del r.headers["Content-Type"]
        r.prepare_body(data=None, files=None, json=dict(parse_qsl(body, keep_blank_values=True)))
        return r


class _TokenSession(sessions.NoRedirects, OAuth2Session):
    """A session for one token request, restricted to the environment. It maps errors before requests-oauthlib can."""

    def __init__(
        self,
        environment: Environment,
        client: WebApplicationClient | BackendApplicationClient,
        adapter: BaseAdapter | None,
        proxies: Mapping[str, str] | None,
        scopes: Iterable[str],
    ) -> None:
        super().__init__(client=client)
        self._scopes = frozenset(scopes)
        sessions.configure_session(self, environment, adapter=adapter, proxies=proxies)
        self._owns_adapter = adapter is None
        self.url = environment.token_url
        if self.url.startswith("http://"):
            self._allow_loopback(environment)
        self._basic_auth = JSONBasicAuth if environment.token_body == "json" else HTTPBasicAuth  # noqa: S105
        self._private_values: tuple[str, ...] = ()
        self._token_response: TokenResponse | None = None

    def _allow_loopback(self, environment: Environment) -> None:
        """Let the library, which accepts https only, reach this machine, without its process-wide switch for that."""
        plain = self.get_adapter(self.url)
        self.url = f"https{self.url.removeprefix('http')}"
        self.adapters.clear()
        self.mount(f"https{environment.origin.removeprefix('http')}/", _PlainLoopbackAdapter(plain))

    def request_token(
        self, send: Callable[[HTTPBasicAuth], object], client_secret: str, *private_values: str
    ) -> TokenResponse:
        """Send one token request and return its response. Raise the three errors."""
        client_id = str(self.client_id or "")
        self._private_values = (client_id, client_secret, *private_values)
        try:
            # Encode here: requests would encode to Latin-1 and fail on whatever else was pasted.
            send(self._basic_auth(client_id.encode(), client_secret.encode()))
        except TotalExpertError:
            raise
        except NETWORK_ERRORS as error:
            raise error_for_exception(error, method="POST", path=PATH) from None
        assert self._token_response is not None
        return self._token_response

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send without following redirects, map errors, and keep the token response.

        The library gets a minimal body instead of the real one: it would read a body of any size and content.
        """
        response = super().request(*args, **{**kwargs, "allow_redirects": False, "stream": True})
        api_response = _with_true_status(responses.read_response(response))
        error = error_for_response(
            api_response, method="POST", path=PATH, private_values=self._private_values
        )
        if error:
            raise error
        self._token_response = parse_token_response(api_response, self._scopes)
        response.encoding = "utf-8"
        response._content = json.dumps(
            {"access_token": self._token_response.access_token, "token_type": "Bearer"}
        ).encode()
        return response

    def close(self) -> None:
        """Close the connections of this session. An adapter that was passed in stays open."""
        if self._owns_adapter:
            super().close()


class _PlainLoopbackAdapter(BaseAdapter):
    """Sends requests for https on this machine as plain http, through another adapter."""

    def __init__(self, plain: BaseAdapter) -> None:
        super().__init__()
        self._plain = plain

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send the request with an http URL."""
        request.url = f"http{str(request.url).removeprefix('https')}"
        return self._plain.send(request, *args, **kwargs)

    def close(self) -> None:
        """Close the other adapter."""
        self._plain.close()


def _with_true_status(response: responses.ApiResponse) -> responses.ApiResponse:
    """Return the response, as a 400 if its status says success and its body is an OAuth error."""
    data = response.data
    is_error = isinstance(data, dict) and isinstance(data.get("error"), str) and not data.get("access_token")
    return replace(response, status=400) if is_error and 200 <= response.status < 300 else response


def _require(value: str, name: str) -> None:
    if not value:
        raise Rejected(
            [f"There is no {name}. Start the connection again."],
            code="invalid_request",
            method="POST",
            path=PATH,
        )
