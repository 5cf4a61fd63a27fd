"""Calls: permitted, authenticated, observed, and retried where that is safe."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from typing import Any

import requests
from requests.adapters import BaseAdapter

from .authentication import BearerAuth, TokenSource
from .environment import Environment
from .errors import NotSent, Rejected, TotalExpertError, TryLater
from .transport import responses, sessions
from .transport.error_mapping import error_for_response, rejects_token
from .transport.network_errors import NETWORK_ERRORS, error_for_exception

#: The pause before a retry is random between 0 and this many seconds ("full jitter"), doubled for each further retry.
FIRST_PAUSE = 0.5
#: The longest pause in seconds. If the server asks for a longer one, the call is not retried.
MAX_PAUSE = 10.0
#: A check of a refused token is good for this many seconds.
PROOF_SECONDS = 1.0


@dataclass(frozen=True)
class Call:
    """What an observer learns about a call: nothing private.

    `status` is None without a response. `seconds` is the duration. `retry_after` is how many seconds the response
    asked to wait, if it did (Retry-After; RFC 9110, section 10.2.3). `waited` is how many seconds the permit hook
    took.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    request_id: str | None
    retry_after: float | None = None
    waited: float = 0.0


@dataclass(frozen=True, repr=False)
class Request:
    """A request to send. `path` starts with a slash and is relative to the base URL.

    `private_values` are removed from error messages. `success_statuses` replace 2xx as the statuses of success.
    Without `retry`, the request is sent exactly once.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    private_values: tuple[str, ...] = ()
    success_statuses: frozenset[int] = frozenset()
    authenticated: bool = True
    retry: bool = True


#: The cheapest call with a token. A 418 accepts it.
TEAPOT = Request("GET", "/teapot", success_statuses=frozenset({418}))


@dataclass(frozen=True, repr=False)
class AttemptPermit:
    """What one attempt may use: a token, after `waited` seconds in the permit hook."""

    token: str
    waited: float


@dataclass(frozen=True, repr=False)
class Attempt:
    """The result of sending a request once: `data`, or `error`."""

    call: Call
    token: str
    data: Any = None
    error: TotalExpertError | None = None
    token_rejected: bool = False


@dataclass(frozen=True, repr=False)
class StartedRequest:
    """A request whose first attempt runs in another thread. `attempt` is None if it could not be started."""

    request: Request
    attempt: "Future[Attempt] | None"


class RequestSender:
    """Sends requests. Hooks run in the calling thread, even for attempts that run in other threads."""

    def __init__(
        self,
        environment: Environment,
        *,
        tokens: TokenSource,
        permit: Callable[[str, str], None] | None,
        observe: Callable[[Call], None] | None,
        timeout: tuple[float, float],
        max_attempts: int,
        adapter: BaseAdapter | None,
        proxies: Mapping[str, str] | None,
        sleep: Callable[[float], None],
        random: Callable[[], float],
    ) -> None:
        self._environment = environment
        self._session = sessions.configure_session(
            sessions.ApiSession(), environment, adapter=adapter, proxies=proxies
        )
        self._owns_adapter = adapter is None
        self._tokens = tokens
        self._permit = permit
        self._observe = observe
        self._timeout = timeout
        self._max_attempts = max(1, max_attempts)
        self._sleep = sleep
        self._random = random
        #: Held while a refused token is checked and reported.
        self._checking = threading.RLock()
        #: The token that was proven to work last, and when.
        self._proven = ("", 0.0)

    def send(self, request: Request) -> Any:
        """Send a request and return the JSON value of its response. Raise the three errors."""
        return self.finish(StartedRequest(request, None))

    def start(self, request: Request, executor: Executor) -> StartedRequest:
        """Start a request in another thread. If a hook refuses it now, `finish` asks the hook again."""
        try:
            permit = self._get_permit(request)
        except TotalExpertError:
            return StartedRequest(request, None)
        return StartedRequest(request, executor.submit(self._attempt, request, permit))

    def finish(self, started: StartedRequest) -> Any:
        """Wait for a started request, retry it where that is safe, and return its JSON value like `send`.

        After a 401 about the token, one call checks whether the token still works: servers in trouble refuse good ones.
        If it does, the request is retried with it, and otherwise once with another token. A GET is retried after every
        other TryLater except a 429. Other methods are retried only if the server did nothing, because they would take
        effect twice (and a second DELETE would seem to have failed).
        """
        request, attempts = started.request, 0
        rejected_token: str | None = None
        first = started.attempt
        attempt = first.result() if first else self._attempt(request, self._get_permit(request))
        while True:
            self.notify(attempt.call)
            replaceable = False
            if attempt.token_rejected:
                with self._checking:  # calls that run at once are often refused together
                    attempt = self._check_token(attempt)
                    replaceable = self._report_token(attempt)
            else:
                self._report_token(attempt)
            if attempt.error is None:
                return attempt.data
            if attempt.token_rejected:
                if not request.retry:
                    raise _token_rejected(attempt.call) if replaceable else attempt.error
                if rejected_token is not None:
                    if replaceable:
                        self._require_other_token(request, attempt.token)
                    raise attempt.error
                rejected_token = attempt.token
            else:
                attempts += 1
                if attempts >= self._max_attempts or not _may_retry(request, attempt.error):
                    raise attempt.error
                self._pause(attempts, attempt.error)
            attempt = self._attempt(request, self._get_permit(request, rejected_token))

    def cancel(self, started: Iterable[StartedRequest]) -> None:
        """Cancel started requests. The observer learns about those that were sent nevertheless."""
        futures = [each.attempt for each in started if each.attempt is not None]
        for future in [future for future in futures if not future.cancel()]:
            self.notify(future.result().call)

    def close(self) -> None:
        """Close the connections of this sender. An adapter that was passed in stays open."""
        if self._owns_adapter:
            self._session.close()

    def ask_permit(self, method: str, path: str) -> float:
        """Call the permit hook, which may wait or raise TryLater. Return how many seconds it took."""
        started = time.monotonic()
        if self._permit:
            self._permit(method, path)
        return time.monotonic() - started

    def notify(self, call: Call) -> None:
        """Pass a finished call to the observe hook."""
        if self._observe:
            self._observe(call)

    def _get_permit(self, request: Request, rejected_token: str | None = None) -> AttemptPermit:
        """Return a token and permit for one attempt. Raise TryLater if the token is still the rejected one."""
        token = self._require_other_token(request, rejected_token) if request.authenticated else ""
        return AttemptPermit(token, self.ask_permit(request.method, request.path))

    def _require_other_token(self, request: Request, rejected_token: str | None) -> str:
        """Return the token to use now. Raise TryLater if it is still the rejected one."""
        token = self._tokens.get()
        if token == rejected_token:
            raise TryLater(
                "Total Expert refused the access token, and it has not been replaced yet. Try again later.",
                code="token_not_replaced",
                method=request.method,
                path=request.path,
                status=401,
            )
        return token

    def _check_token(self, refused: Attempt) -> Attempt:
        """Return the refused attempt, as a temporary failure if its token still works or that can't be told now."""
        if self._tokens.get() != refused.token:
            return refused  # replaced meanwhile
        proven_token, proven_at = self._proven
        if proven_token == refused.token and time.monotonic() - proven_at < PROOF_SECONDS:
            return replace(
                refused, token_rejected=False, error=_refused_good_token(refused.call, proven=True)
            )
        permit = AttemptPermit(refused.token, self.ask_permit(TEAPOT.method, TEAPOT.path))
        probe = self._attempt(TEAPOT, permit)
        self.notify(probe.call)
        works = probe.error is None or probe.error.code == "insufficient_scope"
        if works:
            self._proven = (refused.token, time.monotonic())
        if not works and not isinstance(probe.error, TryLater):
            return refused
        return replace(refused, token_rejected=False, error=_refused_good_token(refused.call, proven=works))

    def _report_token(self, attempt: Attempt) -> bool:
        """Tell the token source how its token fared. Return whether it may replace a rejected one."""
        if attempt.token_rejected:
            return self._tokens.failed(attempt.token)
        recognized = attempt.error is None or isinstance(attempt.error, Rejected)
        if attempt.token and attempt.call.status is not None and recognized:
            self._tokens.accepted(attempt.token)
        return False

    def _attempt(self, request: Request, permit: AttemptPermit) -> Attempt:
        """Send a request once. Runs in any thread, so it calls no hooks and returns errors instead of raising."""
        started, token = time.monotonic(), permit.token
        response = None
        error: TotalExpertError | None
        try:
            response = responses.read_response(self._send(request, token))
            error = error_for_response(
                response,
                method=request.method,
                path=request.path,
                private_values=(token, *request.private_values),
                success_statuses=request.success_statuses,
            )
        except TotalExpertError as refusal:
            error = refusal
            error.method, error.path = request.method, request.path
        except NETWORK_ERRORS as failure:
            error = error_for_exception(failure, method=request.method, path=request.path)
        return Attempt(
            call=Call(
                method=request.method,
                path=request.path,
                status=response.status if response else None,
                seconds=time.monotonic() - started,
                request_id=response.request_id if response else None,
                retry_after=response.retry_after if response else None,
                waited=permit.waited,
            ),
            token=token,
            data=response.data if response else None,
            error=error,
            token_rejected=request.authenticated and response is not None and rejects_token(response),
        )

    def _send(self, request: Request, token: str) -> requests.Response:
        query = f"?{request.query}" if request.query else ""
        headers = {"Accept": "application/json", **dict(request.headers)}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        return self._session.request(
            request.method,
            f"{self._environment.base_url}{request.path}{query}",
            data=request.body,
            headers=headers,
            auth=BearerAuth(token) if request.authenticated else None,
            timeout=self._timeout,
            allow_redirects=False,
            stream=True,
        )

    def _pause(self, attempts: int, error: TotalExpertError) -> None:
        requested = error.after or 0.0 if isinstance(error, TryLater) else 0.0
        longest = min(MAX_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1))
        self._sleep(requested + longest * self._random())


def _token_rejected(call: Call) -> TryLater:
    return TryLater(
        "Total Expert refused the access token and did nothing. Send the request again: it will use another token.",
        code="token_refused",
        method=call.method,
        path=call.path,
        status=call.status,
        request_id=call.request_id,
    )


def _refused_good_token(call: Call, *, proven: bool) -> TryLater:
    return TryLater(
        "Total Expert refused this call's access token, which still works. Nothing was done. Try again later."
        if proven
        else "Total Expert refused the access token and then could not say whether it works. Try again later.",
        code="good_token_refused" if proven else "token_unproven",
        method=call.method,
        path=call.path,
        status=call.status,
        request_id=call.request_id,
    )


def _may_retry(request: Request, error: TotalExpertError) -> bool:
    if not request.retry or not isinstance(error, TryLater) or (error.after or 0.0) > MAX_PAUSE:
        return False
    did_nothing = isinstance(error, NotSent) or error.code == "good_token_refused"
    return did_nothing or (request.method == "GET" and error.status != 429)
