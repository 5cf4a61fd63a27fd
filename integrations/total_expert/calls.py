"""Calls as a client makes them: permitted, authenticated, observed, and repeated where repeating is safe."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import BaseAdapter

from . import transport
from .authentication import BearerAuth, TokenSource
from .environment import Environment
from .errors import NotSent, Rejected, TotalExpertError, TryLater
from .verdicts import judge, refuses_token

#: Pauses before repeating, in seconds: a random part (full jitter) of BASE, doubled every time up to LONGEST.
#: A server that asks for more than LONGEST is not waited for here.
BASE, LONGEST = 0.5, 10.0


@dataclass(frozen=True)
class Call:
    """What an observer is told after every call: nothing private. `status` is None without an answer.

    `after`: in how many seconds the answer said to come back, if it did (Retry-After, RFC 9110 section 10.2.3).
    `waited`: how many seconds the permit hook took before it.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    request_id: str | None
    after: float | None = None
    waited: float = 0.0


@dataclass(frozen=True, repr=False)
class Request:
    """One request. `path` begins with a slash, below the base address; `sent` are its private values.

    `only`: the statuses that mean success, where those are not the usual ones.
    `repeat`: it may be sent again where that is safe, and with another token.
    """

    method: str
    path: str
    query: str = ""
    body: bytes | None = None
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    sent: tuple[str, ...] = ()
    only: frozenset[int] = frozenset()
    authenticated: bool = True
    repeat: bool = True


@dataclass(frozen=True, repr=False)
class Admission:
    """What one attempt may be made with, after `waited` seconds of the permit hook."""

    token: str
    waited: float


@dataclass(frozen=True, repr=False)
class Outcome:
    """How one attempt ended: with `data`, or with `error`."""

    call: Call
    token: str
    data: Any = None
    error: TotalExpertError | None = None
    token_refused: bool = False


@dataclass(frozen=True, repr=False)
class Begun:
    """A request whose first attempt runs in another thread, or could not begin: `outcome` is None."""

    request: Request
    outcome: "Future[Outcome] | None"


class Caller:
    """Makes calls. Hooks run in the thread that makes a call, also where attempts run ahead in others."""

    def __init__(
        self,
        environment: Environment,
        *,
        tokens: TokenSource,
        permit: Callable[[str, str], None] | None,
        observe: Callable[[Call], None] | None,
        timeout: tuple[float, float],
        attempts: int,
        adapter: BaseAdapter | None,
        proxies: Mapping[str, str] | None,
        sleep: Callable[[float], None],
        random: Callable[[], float],
    ) -> None:
        self._environment = environment
        self._session = transport.prepare_session(
            transport.FencedSession(), environment, adapter=adapter, proxies=proxies
        )
        self._lent = adapter is not None
        self._tokens = tokens
        self._permit = permit
        self._observe = observe
        self._timeout = timeout
        self._attempts = max(1, attempts)
        self._sleep = sleep
        self._random = random

    def call(self, request: Request) -> Any:
        """The JSON value that `request` is answered with. Raises the three errors."""
        return self.settle(Begun(request, None))

    def begin(self, request: Request, executor: Executor) -> Begun:
        """Start a request in another thread. What forbids it now is found out again when it is settled."""
        try:
            admission = self._admit(request)
        except TotalExpertError:
            return Begun(request, None)
        return Begun(request, executor.submit(self._attempt, request, admission))

    def settle(self, begun: Begun) -> Any:
        """Wait for a request, repeat it where that is safe, and answer like `call`.

        Once after a 401 about the token, with another token. GET after anything but a 429; the other methods
        only when the server was never reached, since they would take effect twice (a second DELETE would seem
        to have failed).
        """
        request, tries = begun.request, 0
        refused: str | None = None
        ahead = begun.outcome
        outcome = ahead.result() if ahead else self._attempt(request, self._admit(request))
        while True:
            self.report(outcome.call)
            replaceable = self._tell(outcome)
            if outcome.error is None:
                return outcome.data
            if outcome.token_refused and refused is None:
                refused = outcome.token
                if not request.repeat:
                    raise _token_refused(outcome.call) if replaceable else outcome.error
            else:
                tries += 1
                if tries >= self._attempts or not _may_repeat(request, outcome.error):
                    raise outcome.error
                self._pause(tries, outcome.error)
            outcome = self._attempt(request, self._admit(request, refused))

    def abandon(self, begun: Iterable[Begun]) -> None:
        """Give up requests that were begun. Those that were sent nevertheless are observed."""
        futures = [each.outcome for each in begun if each.outcome is not None]
        for future in [future for future in futures if not future.cancel()]:
            self.report(future.result().call)

    def close(self) -> None:
        """Close the connections that this caller opened; an adapter that was lent to it stays open."""
        if not self._lent:
            self._session.close()

    def admit(self, method: str, path: str) -> float:
        """Ask the permit hook, which may wait, or raise TryLater. Answers how many seconds it took."""
        began = time.monotonic()
        if self._permit:
            self._permit(method, path)
        return time.monotonic() - began

    def report(self, call: Call) -> None:
        """Tell the observer."""
        if self._observe:
            self._observe(call)

    def _admit(self, request: Request, refused: str | None = None) -> Admission:
        """A token and the permit for one attempt. Raises TryLater when only the `refused` token is there."""
        token = self._tokens.get() if request.authenticated else ""
        if request.authenticated and token == refused:
            raise TryLater(
                "Total Expert refused the access token, and no other has taken its place yet. Try again "
                "later.",
                code="token_not_replaced",
                method=request.method,
                path=request.path,
                status=401,
            )
        return Admission(token, self.admit(request.method, request.path))

    def _tell(self, outcome: Outcome) -> bool:
        """Tell the source of tokens what became of one. Whether another may take the place of one refused."""
        if outcome.token_refused:
            return self._tokens.failed(outcome.token)
        known = outcome.error is None or isinstance(outcome.error, Rejected)
        if outcome.token and outcome.call.status is not None and known:
            self._tokens.accepted(outcome.token)
        return False

    def _attempt(self, request: Request, admission: Admission) -> Outcome:
        """Send a request once. Runs in any thread: no hooks, and no error but in the outcome."""
        began, token = time.monotonic(), admission.token
        answer = None
        error: TotalExpertError | None
        try:
            answer = transport.read_answer(self._send(request, token))
            error = judge(
                answer,
                method=request.method,
                path=request.path,
                sent=(token, *request.sent),
                only=request.only,
            )
        except TotalExpertError as refusal:
            error = refusal
            error.method, error.path = request.method, request.path
        except (*transport.FAILURES, transport.Oversized) as failure:
            error = transport.classify(failure, method=request.method, path=request.path)
        return Outcome(
            call=Call(
                method=request.method,
                path=request.path,
                status=answer.status if answer else None,
                seconds=time.monotonic() - began,
                request_id=answer.request_id if answer else None,
                after=answer.retry_after if answer else None,
                waited=admission.waited,
            ),
            token=token,
            data=answer.data if answer else None,
            error=error,
            token_refused=request.authenticated and answer is not None and refuses_token(answer),
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

    def _pause(self, tries: int, error: TotalExpertError) -> None:
        longest = min(LONGEST, BASE * 2 ** (tries - 1))
        asked = error.after or 0.0 if isinstance(error, TryLater) else 0.0
        self._sleep(asked + longest * self._random())


def _token_refused(call: Call) -> TryLater:
    return TryLater(
        "Total Expert refused the access token and did nothing. Send the request again: it takes another token.",
        code="token_refused",
        method=call.method,
        path=call.path,
        status=call.status,
        request_id=call.request_id,
    )


def _may_repeat(request: Request, error: TotalExpertError) -> bool:
    if not request.repeat or not isinstance(error, TryLater) or (error.after or 0.0) > LONGEST:
        return False
    return isinstance(error, NotSent) or (request.method == "GET" and error.status != 429)
