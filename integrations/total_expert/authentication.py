"""Where access tokens come from, the application's hooks or the client itself, and how requests bear them."""

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import requests
from requests.auth import AuthBase

from .errors import ReconnectRequired, TotalExpertError
from .oauth import Grant, is_token

#: A token is not used in its last seconds: a call that is under way must not outlive it.
MARGIN = 30.0
#: A token that is refused within these seconds after it was issued, and never worked, shows that another would be
#: refused too. Later it may have been revoked.
FRESH = 60.0


class TokenSource(Protocol):
    """Gives tokens and is told what became of them. Called by many threads at once."""

    def get(self) -> str:
        """A token to use now. Raises the three errors."""

    def accepted(self, token: str) -> None:
        """The server knew `token`, whatever it thought of the request."""

    def failed(self, token: str) -> bool:
        """The server refused `token` with a 401 that is not about scope. Whether another may take its place."""


class BearerAuth(AuthBase):
    """Puts one access token into a request's header. Raises ReconnectRequired when it can't stand there."""

    def __init__(self, token: str) -> None:
        if not is_token(token):
            raise ReconnectRequired(
                "The access token holds a line break or other characters that no token has. Connect again.",
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

    def accepted(self, token: str) -> None:
        """Nothing to do."""

    def failed(self, token: str) -> bool:
        """Tell the application's other hook, if it has one. True: the first may give another token."""
        if self._token_failed:
            self._token_failed(token)
        return True


class OwnTokens:
    """Tokens in this process's memory, asked for when needed: one request, however many threads wait for it.

    `request` asks for a grant, None where there is nothing to ask with. Threads that wait share its outcome,
    an error too, since refused requests count against the limit. Credentials that were refused are not tried
    again, nor those whose fresh tokens are refused: each request would spend one of very few slots.
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
        self._fresh_until: float | None = None
        self._flight: Future[str] | None = None
        self._refusal: ReconnectRequired | None = None

    def get(self) -> str:
        """The token in memory, or a new one. Raises the three errors."""
        with self._lock:
            if self._refusal:
                raise copy.copy(self._refusal)
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
        return self._fly(flight, self._request) if first else _join(flight)

    def accepted(self, token: str) -> None:
        """Note that `token` works: when it is refused one day, another is worth asking for."""
        with self._lock:
            if self._token == token:
                self._fresh_until = None

    def failed(self, token: str) -> bool:
        """Forget `token`, unless it has been replaced meanwhile."""
        with self._lock:
            if self._token == token:
                self._token = None
                if self._fresh_until is not None and self._clock() < self._fresh_until:
                    self._refusal = ReconnectRequired(
                        "Total Expert issued an access token and refused it at once. No other is asked for. Check "
                        "that the client id and secret belong to this environment, then connect again.",
                        code="fresh_token_refused",
                    )
            return bool(self._token) or (self._request is not None and self._refusal is None)

    def set(self, token: str | None) -> None:
        """Use `token` from now on until it is refused; None forgets the one in use, and what was refused.

        A token also counts for more than what a request brings that is under way.
        """
        with self._lock:
            self._token, self._good_until, self._fresh_until, self._refusal = token, None, None, None
            if token:
                self._flight = None

    def _fly(self, flight: "Future[str]", request: Callable[[], Grant]) -> str:
        try:
            grant = request()
        except BaseException as failure:
            with self._lock:
                if self._flight is flight:
                    self._flight = None
                    if isinstance(failure, ReconnectRequired):
                        self._refusal = copy.copy(failure)
            flight.set_exception(failure)
            raise
        with self._lock:
            if self._flight is flight:
                self._flight = None
                self._keep(grant)
        flight.set_result(grant.access_token)
        return grant.access_token

    def _keep(self, grant: Grant) -> None:
        now = self._clock()
        # A life shorter than the margin is used to its end: the first refusal asks for a new token.
        life = grant.expires_in - MARGIN if grant.expires_in > MARGIN else grant.expires_in
        self._token, self._good_until, self._fresh_until = (
            grant.access_token,
            now + life,
            now + min(FRESH, life),
        )

    def __repr__(self) -> str:
        return "OwnTokens(token hidden)"


def _join(flight: "Future[str]") -> str:
    """The outcome of a request that another thread sends. Each thread raises an error of its own."""
    failure = flight.exception()
    if isinstance(failure, TotalExpertError):
        raise copy.copy(failure)
    return flight.result()
