"""Where access tokens come from, the application's hooks or the client itself, and how requests bear them."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import requests
from requests.auth import AuthBase

from .errors import ReconnectRequired, Rejected
from .oauth import Grant, is_token

#: A token is not used in its last seconds: a call that is under way must not outlive it.
MARGIN = 30.0


class TokenSource(Protocol):
    """Gives tokens and is told when one was refused. Called by many threads at once."""

    def get(self) -> str:
        """A token to use now. Raises the three errors."""

    def failed(self, token: str) -> None:
        """The server refused `token` with a 401 that is not about scope."""


class BearerAuth(AuthBase):
    """Puts one access token into a request's header. Raises Rejected when it can't stand there."""

    def __init__(self, token: str) -> None:
        if not is_token(token):
            raise Rejected(
                ["The access token holds a line break or other characters that no token has. Connect again."],
                code="invalid_token",
            )
        self.token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.token}"
        return r

    def __repr__(self) -> str:
        return "BearerAuth(token hidden)"


class HookedTokens:
    """Tokens by the application's own hooks, which keep and share them as they like."""

    def __init__(self, token: Callable[[], str], token_failed: Callable[[str], None] | None = None) -> None:
        self._token = token
        self._token_failed = token_failed

    def get(self) -> str:
        """What the application's hook gives."""
        return self._token()

    def failed(self, token: str) -> None:
        """Tell the application's other hook, if it has one."""
        if self._token_failed:
            self._token_failed(token)


class OwnTokens:
    """Tokens in this process's memory, asked for when needed: one request, however many threads wait for it.

    `request` asks for a grant, None where there is nothing to ask with. Threads that wait share its outcome,
    an error too, since refused requests count against the limit. Credentials that were refused are not tried
    again.
    """

    def __init__(
        self,
        request: Callable[[], Grant] | None,
        access_token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._clock = clock
        self._lock = threading.Lock()
        self._token = access_token
        self._good_until: float | None = None
        self._flight: Future[str] | None = None
        self._refusal: ReconnectRequired | None = None

    def get(self) -> str:
        """The token in memory, or a new one. Raises the three errors."""
        with self._lock:
            if self._refusal:
                raise self._refusal
            if self._token and (self._good_until is None or self._clock() < self._good_until):
                return self._token
            if self._request is None:
                raise ReconnectRequired(
                    "There is no access token that works, and no client id and secret to ask for one. "
                    "Connect again.",
                    code="no_token",
                )
            flight, first = self._flight, self._flight is None
            if flight is None:
                flight = self._flight = Future()
        if first:
            self._fly(flight, self._request)
        return flight.result()

    def failed(self, token: str) -> None:
        """Forget `token`, unless it has been replaced meanwhile."""
        with self._lock:
            if self._token == token:
                self._token = None

    def set(self, token: str | None) -> None:
        """Use `token` from now on until it is refused; None forgets the one in use, and what was refused."""
        with self._lock:
            self._token, self._good_until, self._refusal = token, None, None

    def _fly(self, flight: "Future[str]", request: Callable[[], Grant]) -> None:
        try:
            grant = request()
        except BaseException as failure:
            with self._lock:
                self._flight = None
                if isinstance(failure, ReconnectRequired):
                    self._refusal = failure
            flight.set_exception(failure)
            return
        with self._lock:
            self._flight = None
            self._token = grant.access_token
            # A life shorter than the margin is used to its end: the first refusal asks for a new token.
            life = grant.expires_in - MARGIN if grant.expires_in > MARGIN else grant.expires_in
            self._good_until = self._clock() + life
        flight.set_result(grant.access_token)

    def __repr__(self) -> str:
        return "OwnTokens(token hidden)"
