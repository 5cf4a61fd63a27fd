"""The grants of OAuth 2.0 as Total Expert takes them: the address of the consent, three token requests.

requests-oauthlib runs them. Nothing is repeated here and no scope is passed on: a token request spends one of
very few slots, so whoever asks decides what happens next by the error:

- `NotSent`: nothing happened, ask again;
- `AnswerLost`: the code or refresh token has probably been spent;
- any other `TryLater`: refused for now, e.g. by the limit of token requests;
- `ReconnectRequired`: the credentials, code or refresh token are not accepted (any more);
- `Rejected`: a misconfiguration, e.g. the return address.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard
from urllib.parse import parse_qsl

import requests
from oauthlib.oauth2 import BackendApplicationClient, WebApplicationClient
from requests.adapters import BaseAdapter
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from . import logs, transport
from .environment import Environment
from .errors import Rejected, TotalExpertError
from .verdicts import Answer, judge, unreadable

#: Lifetime of an access token in seconds where an answer does not say it.
ACCESS_LIFE = 3600
#: The path that errors of token requests name.
PATH = "/token"

logs.silence()


@dataclass(frozen=True, repr=False)
class Grant:
    """What a token request brought. `expires_in` is in seconds.

    `scope` is what was granted, which may be less than what was asked for; empty when the answer did not say.
    `refresh_token` is None when none was issued: always with client credentials; after a refresh it means
    that the one in use stays valid.
    """

    access_token: str
    expires_in: int
    scope: frozenset[str]
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"Grant(expires_in={self.expires_in}, scope={sorted(self.scope)}, tokens hidden)"


def authorization_url(
    environment: Environment, *, client_id: str, redirect_uri: str, state: str, scopes: Iterable[str]
) -> str:
    """Where to send a browser to consent. `state` comes back with the code and must be checked then."""
    client = WebApplicationClient(client_id)
    # oauthlib knows https only; Environment has checked that anything else is this machine.
    scheme, rest = environment.authorize_url.split("://", 1)
    url = client.prepare_request_uri(
        f"https://{rest}", redirect_uri=redirect_uri, scope=list(scopes), state=state
    )
    return f"{scheme}{str(url).removeprefix('https')}"


def client_credentials(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = transport.TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> Grant:
    """Ask for a token that acts as admin of the organization these credentials belong to."""
    session = _TokenSession(environment, BackendApplicationClient(client_id), adapter, proxies)
    with session:
        return session.ask(
            lambda auth: session.fetch_token(session.url, auth=auth, timeout=timeout), client_secret
        )


def exchange_code(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    code: str,
    redirect_uri: str,
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = transport.TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> Grant:
    """Exchange the code that a consenting person brought. It works once; `redirect_uri` as before."""
    _require(code, "authorization code")
    session = _TokenSession(environment, WebApplicationClient(client_id), adapter, proxies)
    session.redirect_uri = redirect_uri
    with session:
        return session.ask(
            lambda auth: session.fetch_token(session.url, code=code, auth=auth, timeout=timeout),
            client_secret,
            code,
            redirect_uri,
        )


def refresh(
    environment: Environment,
    *,
    client_id: str,
    client_secret: str,
    refresh_token: str,
    adapter: BaseAdapter | None = None,
    timeout: tuple[float, float] = transport.TIMEOUT,
    proxies: Mapping[str, str] | None = None,
) -> Grant:
    """Exchange a refresh token for a new pair. The old one dies: store the new one before all else."""
    _require(refresh_token, "refresh token")
    session = _TokenSession(environment, WebApplicationClient(client_id), adapter, proxies)
    with session:
        return session.ask(
            lambda auth: session.refresh_token(
                session.url, refresh_token=refresh_token, auth=auth, timeout=timeout
            ),
            client_secret,
            refresh_token,
        )


class JSONBasicAuth(HTTPBasicAuth):
    """Basic authentication that turns the form body, on which the library insists, into JSON."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r = super().__call__(r)  # type: ignore[no-untyped-call]
        body = r.body.decode() if isinstance(r.body, bytes) else str(r.body or "")
        del r.headers["Content-Type"]
        r.prepare_body(data=None, files=None, json=dict(parse_qsl(body, keep_blank_values=True)))
        return r


class _TokenSession(transport.Unredirected, OAuth2Session):
    """A session for one token request: fenced in, never redirected, its answer judged by us first."""

    def __init__(
        self,
        environment: Environment,
        client: WebApplicationClient | BackendApplicationClient,
        adapter: BaseAdapter | None,
        proxies: Mapping[str, str] | None,
    ) -> None:
        super().__init__(client=client)
        transport.prepare_session(self, environment, adapter=adapter, proxies=proxies)
        self._lent = adapter is not None
        self.url = environment.token_url
        if self.url.startswith("http://"):
            self._admit_loopback(environment)
        self._basic = JSONBasicAuth if environment.token_body == "json" else HTTPBasicAuth  # noqa: S105
        self._sent: tuple[str, ...] = ()
        self._grant: Grant | None = None

    def _admit_loopback(self, environment: Environment) -> None:
        """Let the library, which takes https only, reach this machine without its process-wide switch."""
        plain = self.get_adapter(self.url)
        self.url = f"https{self.url.removeprefix('http')}"
        self.adapters.clear()
        self.mount(f"https{environment.origin.removeprefix('http')}/", _PlainLoopback(plain))

    def ask(self, send: Callable[[HTTPBasicAuth], object], client_secret: str, *secrets: str) -> Grant:
        """Send one token request and read its grant. Raises the three errors."""
        client_id = str(self.client_id or "")
        self._sent = (client_id, client_secret, *secrets)
        try:
            # Encoded here, since the library encodes to Latin-1 and fails on anything else that was pasted.
            send(self._basic(client_id.encode(), client_secret.encode()))
        except TotalExpertError:
            raise
        except (*transport.FAILURES, transport.Oversized) as failure:
            raise transport.classify(failure, method="POST", path=PATH) from None
        assert self._grant is not None
        return self._grant

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send without following redirects, judge the answer, and keep its grant.

        The library is handed a body that it can't trip over; it would read any amount of anything.
        """
        response = super().request(*args, **{**kwargs, "allow_redirects": False, "stream": True})
        answer = transport.read_answer(response)
        error = judge(answer, method="POST", path=PATH, sent=self._sent)
        if error:
            raise error
        self._grant = read_grant(answer)
        response.encoding = "utf-8"
        response._content = json.dumps(
            {"access_token": self._grant.access_token, "token_type": "Bearer"}
        ).encode()
        return response

    def close(self) -> None:
        """Close what this session opened; an adapter that was lent to it stays open."""
        if not self._lent:
            super().close()


class _PlainLoopback(BaseAdapter):
    """Sends what is addressed to https on this machine as plain http, by another adapter."""

    def __init__(self, plain: BaseAdapter) -> None:
        super().__init__()
        self._plain = plain

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send by the other adapter, to the same place without the s."""
        request.url = f"http{str(request.url).removeprefix('https')}"
        return self._plain.send(request, *args, **kwargs)

    def close(self) -> None:
        """Close the other adapter."""
        self._plain.close()


def read_grant(answer: Answer) -> Grant:
    """The grant in a success. Raises AnswerLost when there is none: something was granted, and lost."""
    data = answer.data if isinstance(answer.data, dict) else {}
    access, renewal = data.get("access_token"), data.get("refresh_token")
    if not is_token(access) or not (renewal in (None, "") or is_token(renewal)):
        raise unreadable("POST", PATH, answer)
    return Grant(access, _seconds(data.get("expires_in")), _scope(data.get("scope")), renewal or None)


def is_token(value: object) -> TypeGuard[str]:
    """Whether a value can stand in an Authorization header."""
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _seconds(value: object) -> int:
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        seconds = math.nan
    return min(max(int(seconds), 0), 366 * 86400) if math.isfinite(seconds) else ACCESS_LIFE


def _scope(value: object) -> frozenset[str]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(word for word in words if isinstance(word, str))


def _require(value: str, name: str) -> None:
    if not value:
        raise Rejected(
            [f"There is no {name} to send. Start again from the consent."],
            code="invalid_request",
            method="POST",
            path=PATH,
        )
