"""The client: one environment, one identity, and the resources of Total Expert as attributes."""

import random as _random
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from requests.adapters import BaseAdapter

from . import oauth, queries, transport, values
from .authentication import HookedTokens, OwnTokens, TokenSource
from .calls import Call, Caller, Request
from .catalogue import Catalogue
from .environment import Environment
from .errors import TotalExpertError
from .redaction import values_in

METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


class Client(Catalogue):
    """Calls Total Expert as one identity. Threads may share it; use it in a ``with`` block or close it.

    Tokens come either from hooks: `token` gives one before every call, `token_failed` is told which one was
    refused; both may be called by several threads at once, and `token_failed` more than once with the same
    token. Or from the client itself, by `client_id` and `client_secret` (client credentials), starting with
    `access_token` if given.

    `permit` is asked before every call with method and path; it may wait, or raise TryLater. `observe` is
    told about every call afterwards and must not raise. `timeout` is (connect, read) in seconds, `attempts`
    the most times that a repeatable call is sent. `adapter` is mounted on the environment's address in place
    of the network, and stays open when the client is closed. `proxies` are the only ones used; the
    environment variables are not read. Raises ValueError when given both kinds of tokens, or neither.
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
        access_token: str | None = None,
        observe: Callable[[Call], None] | None = None,
        timeout: tuple[float, float] = transport.TIMEOUT,
        attempts: int = 3,
        adapter: BaseAdapter | None = None,
        proxies: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self.environment = environment
        own = bool(client_id or client_secret or access_token)
        if bool(token) == own or bool(client_id) != bool(client_secret):
            raise ValueError(
                "Give either the token hook, or client_id and client_secret, or an access_token."
            )

        def ask_for_token() -> oauth.Grant:
            waited = self._caller.admit("POST", oauth.PATH)
            began = time.monotonic()
            status, name = None, None
            try:
                grant = oauth.client_credentials(
                    environment,
                    client_id=client_id or "",
                    client_secret=client_secret or "",
                    adapter=adapter,
                    timeout=timeout,
                    proxies=proxies,
                )
                status = 200
                return grant
            except TotalExpertError as error:
                status, name = error.status, error.request_id
                raise
            finally:
                seconds = time.monotonic() - began
                self._caller.report(Call("POST", oauth.PATH, status, seconds, name, waited=waited))

        #: Where tokens come from: ``tokens.get()`` is the one to use now, asked for if there is none.
        self.tokens: TokenSource
        if token:
            self.tokens = HookedTokens(token, token_failed)
        else:
            self.tokens = OwnTokens(ask_for_token if client_id and client_secret else None, access_token)
        self._caller = Caller(
            environment,
            tokens=self.tokens,
            permit=permit,
            observe=observe,
            timeout=timeout,
            attempts=attempts,
            adapter=adapter,
            proxies=proxies,
            sleep=sleep,
            random=random,
        )
        super().__init__(self._caller)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        repeat: bool = True,
    ) -> Any:
        """Call any other endpoint, as ``request("GET", "teams/5")``, and return its JSON value.

        `path` is relative to the environment's base address; an absolute address, a query in it or a way
        upward raises Rejected, so a token never leaves the environment. Errors name the path: keep private
        values in `params`, whose None values are left out. `repeat=False` sends it once, whatever comes back.
        Raises the three errors.
        """
        name = method.upper()
        if name not in METHODS:
            raise queries.invalid(f"A method is one of {', '.join(METHODS)}.")
        body = None if json is None else queries.encode_body(json)
        sent = (*values_in(params), *values_in(json))
        return self._caller.call(
            Request(
                name,
                queries.relative_path(path),
                query=queries.encode(params or {}),
                body=body,
                sent=sent,
                repeat=repeat,
            )
        )

    def set_access_token(self, token: str | None) -> None:
        """Use `token` from now on until it is refused; None forgets the one in use. Not for clients with hooks."""
        if not isinstance(self.tokens, OwnTokens):
            raise ValueError("This client's tokens come from its token hook, which may give another one.")
        self.tokens.set(token)

    def heartbeat(self) -> str:
        """What the API says is running. Needs no token: tells whether the address is right and the API up."""
        data = self._caller.call(Request("GET", "/heartbeat", authenticated=False))
        return values.text(data.get("running_item")) if isinstance(data, dict) else ""

    def teapot(self) -> bool:
        """Test the credentials: True when the API knows the token, which it says by a 418.

        Any other success is none of Total Expert's and raises TryLater with code "unreadable".
        """
        self._caller.call(Request("GET", "/teapot", only=frozenset({418})))
        return True

    def close(self) -> None:
        """Close the connections to Total Expert."""
        self._caller.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.environment.name!r})"
