"""Where access tokens come from (the application's hooks, or the client itself) and how requests carry them."""

import copy
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

import requests
from requests.auth import AuthBase

from .errors import ReconnectRequired, TotalExpertError
from .token_response import TokenResponse, is_valid_token

#: If a token that never worked is refused within this many seconds of being issued, a new one would be refused too.
#: If it is refused later, it may have been revoked.
NEW_TOKEN_SECONDS = 60.0


class TokenSource(Protocol):
    """Provides access tokens and learns whether they worked. Many threads call it at once."""

    def get(self) -> str:
        """Return the token to use now. Raise the three errors."""

    def accepted(self, token: str) -> None:
        """Note that the server accepted the token, whatever it did with the request."""

    def failed(self, token: str) -> bool:
        """Note that the token was proven bad. Return whether `get` may return another one."""


class BearerAuth(AuthBase):
    """Adds an access token to a request (RFC 6750, section 2.1). Raise ReconnectRequired for an unusable token."""

    def __init__(self, token: str) -> None:
        if not is_valid_token(token):
            raise ReconnectRequired(
                "The access token contains a line break or another invalid character. Connect again.",
                code="invalid_token",
            )
        self.token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers["Authorization"] = f"Bearer {self.token}"
        return r

    def __repr__(self) -> str:
        return "BearerAuth(token hidden)"


class HookTokens:
    """Tokens from the application's hooks, which store and share them."""

    def __init__(self, token: Callable[[], str], token_failed: Callable[[str], None] | None = None) -> None:
        self._token = token
        self._token_failed = token_failed

    def get(self) -> str:
        """Return what the `token` hook returns."""
        return self._token()

    def accepted(self, token: str) -> None:
        """Do nothing."""

    def failed(self, token: str) -> bool:
        """Call the `token_failed` hook, if there is one. Return True: the `token` hook may return another token."""
        if self._token_failed:
            self._token_failed(token)
        return True


class CachedTokens:
    """Tokens in this process's memory. A new one is requested once, however many threads wait for it.

    `request` requests a token; it is None if there are no credentials to request one with. Waiting threads share its
    result, and its error too, since failed requests count against the rate limit. Credentials are not used again once
    they or their new tokens were refused.
    """

    def __init__(
        self,
        request: Callable[[], TokenResponse] | None,
        access_token: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._request = request
        self._clock = clock
        self._lock = threading.Lock()
        self._token = access_token
        self._expires_at: float | None = None
        #: If the token is refused before this time, a new one would be refused too.
        self._new_until: float | None = None
        #: Whether the next token replaces a refused one, and until when that one is kept if it worked.
        self._was_refused, self._keep_until = False, 0.0
        #: The token request that is running.
        self._pending: Future[str] | None = None
        #: Why no more tokens are requested.
        self._final_error: ReconnectRequired | None = None

    def get(self) -> str:
        """Return the token in memory or request one. Raise the three errors."""
        with self._lock:
            if self._final_error:
                raise copy.copy(self._final_error)
            if self._token and (self._expires_at is None or self._clock() < self._expires_at):
                return self._token
            if self._request is None:
                raise ReconnectRequired(
                    "There is no working access token, and no client id and secret to request one. Connect again.",
                    code="no_token",
                )
            pending, is_first = self._pending, self._pending is None
            if pending is None:
                pending = self._pending = Future()
        return self._request_token(pending, self._request) if is_first else _result(pending)

    def accepted(self, token: str) -> None:
        """Note that the token works, so another one is requested if it is refused later."""
        with self._lock:
            if self._token == token:
                self._new_until = None

    def failed(self, token: str) -> bool:
        """Forget the token, unless it was replaced already. Return whether another can be had.

        A token that replaced a refused one and worked is kept for now: the server has trouble, and another would not help.
        """
        with self._lock:
            if self._token == token:
                now = self._clock()
                if self._new_until is None and now < self._keep_until:
                    return True
                self._token, self._was_refused = None, True
                if self._new_until is not None and now < self._new_until:
                    self._final_error = ReconnectRequired(
                        "Total Expert issued an access token and refused it immediately, so no other is requested. Check "
                        "that the client id and secret belong to this environment, then connect again.",
                        code="fresh_token_refused",
                    )
            return bool(self._token) or (self._request is not None and self._final_error is None)

    def set(self, token: str | None) -> None:
        """Use this token until it is refused. None forgets the current token and earlier refusals.

        A token that is set takes precedence over a token request that is running.
        """
        with self._lock:
            self._token, self._expires_at, self._new_until, self._final_error = token, None, None, None
            self._was_refused, self._keep_until = False, 0.0
            if token:
                self._pending = None

    def _request_token(self, pending: "Future[str]", request: Callable[[], TokenResponse]) -> str:
        try:
            response = request()
        except BaseException as error:
            with self._lock:
                if self._pending is pending:
                    self._pending = None
                    if isinstance(error, ReconnectRequired):
                        self._final_error = copy.copy(error)
            pending.set_exception(error)
            raise
        with self._lock:
            if self._pending is pending:
                self._pending = None
                self._store(response)
        pending.set_result(response.access_token)
        return response.access_token

    def _store(self, response: TokenResponse) -> None:
        now = self._clock()
        self._token = response.access_token
        self._expires_at = now + response.usable_seconds
        self._keep_until = now + NEW_TOKEN_SECONDS if self._was_refused else 0.0
        self._was_refused = False
        self._new_until = now + min(NEW_TOKEN_SECONDS, response.usable_seconds)

    def __repr__(self) -> str:
        return "CachedTokens(token hidden)"


def _result(pending: "Future[str]") -> str:
    """Return the result of another thread's token request. Each thread raises an error instance of its own."""
    error = pending.exception()
    if isinstance(error, TotalExpertError):
        raise copy.copy(error)
    return pending.result()
