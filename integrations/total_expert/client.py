"""The client: one environment, one identity, and every API resource as an attribute."""

import random as _random
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from requests.adapters import BaseAdapter

from . import oauth, parse
from .authentication import CachedTokens, HookTokens, TokenSource
from .calls import TEAPOT, Call, Request, RequestSender
from .environment import Environment
from .errors import TotalExpertError, TryLater, invalid
from .resources.catalog import Catalog
from .token_response import PATH, TokenResponse
from .transport import sessions
from .transport.redaction import values_in
from .transport.serialization import json_body, query_string, relative_path

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class Client(Catalog):
    """A client that calls Total Expert as one identity.

    Threads can share it. Use it in a ``with`` block or close it.

    Access tokens come from one of two sources:

    - Hooks: `token` returns the token for each call, and `token_failed` is called with a token that was refused.
      Several threads may call either at once, and `token_failed` more than once with the same token.
    - The client itself, with `client_id` and `client_secret` (client credentials). It requests the scopes in `scope`, or
      leaves them to the server. It starts with `access_token`, if given. `access_token` alone is used until it is refused.

    `permit` is called with method and path before every call; it may wait or raise TryLater. `observe` is called
    after every call and must not raise. `timeout` is (connect, read) in seconds; the whole of a call
    takes `sessions.DEADLINE` at most. `max_attempts` is how often a call
    that is safe to retry is sent at most. `adapter` replaces the network and stays open when the client is closed.
    `proxies` are the only ones used; the environment variables are not read.

    Raise ValueError for both sources of tokens, or for none.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        token: Callable[[], str] | None = None,
        token_failed: Callable[[str], None] | None = None,
        permit: Callable[[str, str], None] | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scope: Iterable[str] = (),
        access_token: str | None = None,
        observe: Callable[[Call], None] | None = None,
        timeout: tuple[float, float] | None = None,
        max_attempts: int = 3,
        adapter: BaseAdapter | None = None,
        proxies: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self.environment = environment
        has_credentials = bool(client_id or client_secret or access_token)
        if bool(token) == has_credentials or bool(client_id) != bool(client_secret):
            raise ValueError("Pass the token hook, or client_id and client_secret, or access_token.")

        scopes = scope.split() if isinstance(scope, str) else list(scope)

        def request_token() -> TokenResponse:
            return oauth.client_credentials(
                environment,
                client_id=client_id or "",
                client_secret=client_secret or "",
                scopes=scopes,
                adapter=adapter,
                timeout=timeout or oauth.TIMEOUT,
                proxies=proxies,
            )

        #: The source of access tokens. ``tokens.get()`` returns the one to use now and requests one if needed.
        self.tokens: TokenSource
        if token:
            self.tokens = HookTokens(token, token_failed)
        elif client_id:
            self.tokens = CachedTokens(lambda: self._observed(request_token), access_token)
        else:
            self.tokens = CachedTokens(None, access_token)
        self._sender = RequestSender(
            environment,
            tokens=self.tokens,
            permit=permit,
            observe=observe,
            timeout=timeout or sessions.TIMEOUT,
            max_attempts=max_attempts,
            adapter=adapter,
            proxies=proxies,
            sleep=sleep,
            random=random,
        )
        super().__init__(self._sender)

    def _observed(self, request_token: Callable[[], TokenResponse]) -> TokenResponse:
        """Request a token as a call that is permitted and observed like any other."""
        waited = self._sender.ask_permit("POST", PATH)
        started = time.monotonic()
        status, request_id, retry_after = None, None, None
        try:
            response = request_token()
            status = 200
            return response
        except TotalExpertError as error:
            status, request_id = error.status, error.request_id
            retry_after = error.after if isinstance(error, TryLater) else None
            raise
        finally:
            seconds = time.monotonic() - started
            self._sender.notify(
                Call("POST", PATH, status, seconds, request_id, retry_after=retry_after, waited=waited)
            )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        retry: bool = True,
    ) -> Any:
        """Call any other endpoint and return its JSON value, as in ``request("GET", "teams/5")``.

        `path` is relative to the environment's base URL. An absolute URL, a query string or ".." in it raises
        Rejected, so a token never leaves the environment. Errors show the path, so put private values into `params`,
        where None leaves a parameter out. `retry=False` sends the request exactly once. Raise the three errors.
        """
        name = method.upper()
        if name not in METHODS:
            raise invalid(f"The method must be one of {', '.join(METHODS)}.")
        return self._sender.send(
            Request(
                name,
                relative_path(path),
                query=query_string(params or {}),
                body=None if json is None else json_body(json),
                private_values=(*values_in(params), *values_in(json)),
                retry=retry,
            )
        )

    def set_access_token(self, token: str | None) -> None:
        """Use this access token until it is refused. None forgets the current one.

        Raise ValueError for a client with a token hook.
        """
        if not isinstance(self.tokens, CachedTokens):
            raise ValueError("This client gets its tokens from its token hook. Return another token there.")
        self.tokens.set(token)

    def heartbeat(self) -> str:
        """Return what the API says it runs. Needs no token, so it checks the base URL and that the API is up."""
        data = self._sender.send(Request("GET", "/heartbeat", authenticated=False))
        return parse.text(data.get("running_item")) if isinstance(data, dict) else ""

    def teapot(self) -> bool:
        """Check the credentials. Return True if the API accepts the token, which it shows by a 418.

        Any other success did not come from Total Expert and raises TryLater with code "unreadable".
        """
        self._sender.send(TEAPOT)
        return True

    def close(self) -> None:
        """Close the connections to Total Expert."""
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.environment.name!r})"
