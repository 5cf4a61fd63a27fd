"""Token sources, and one token request for many threads."""

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from integrations.total_expert import (
    NotSent,
    ReconnectRequired,
    Rejected,
    TokenResponse,
    TotalExpertError,
    TryLater,
)
from integrations.total_expert.authentication import BearerAuth, CachedTokens, HookTokens
from tests.integrations.total_expert.sandbox_server import SandboxServer

THREADS = 16


def together(work: Callable[[], Any], threads: int = THREADS) -> list[Any]:
    """Run a function in many threads at once and return the results or errors."""
    start = threading.Barrier(threads)

    def run(_: int) -> Any:
        start.wait()
        try:
            return work()
        except TotalExpertError as error:
            return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


class Issuer:
    """Issues numbered tokens slowly, or fails."""

    def __init__(self, error: TotalExpertError | None = None, expires_in: int = 3600) -> None:
        self.requests_sent = 0
        self.error = error
        self.expires_in = expires_in
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> TokenResponse:
        self.requests_sent += 1
        self.gate.wait(60)
        if self.error:
            raise self.error
        return TokenResponse(f"token-{self.requests_sent}", self.expires_in, frozenset())


def test_many_threads_with_an_expired_token_send_one_token_request(sandbox: SandboxServer) -> None:
    sandbox.fault({"method": "POST", "path": "/v1/token", "delay_ms": 50})
    with sandbox.client() as client:
        assert len(together(client.teapot)) == THREADS
        assert len(sandbox.requests("/token")) == 1
        sandbox.advance_clock(3601)
        assert together(client.teapot) == [True] * THREADS
    assert len(sandbox.requests("/token")) == 2
    refused = [row for row in sandbox.requests("/teapot") if row["status"] == 401]
    assert 2 <= len(refused) <= THREADS + 1, "one of them is the check"


def test_threads_share_refused_credentials(sandbox: SandboxServer) -> None:
    sandbox.fault({"method": "POST", "path": "/v1/token", "delay_ms": 50})
    with sandbox.client(client_secret="wrong") as client:
        failed = together(client.teapot)
        assert all(isinstance(error, ReconnectRequired) for error in failed)
        with pytest.raises(ReconnectRequired):
            client.teapot()
    assert len(sandbox.requests("/token")) == 1


def test_threads_share_a_temporary_failure_and_the_next_call_retries() -> None:
    issuer = Issuer(NotSent())
    issuer.gate.clear()
    tokens = CachedTokens(issuer)
    called: list[bool] = []

    def get() -> str:
        called.append(True)
        return tokens.get()

    def open_gate() -> None:
        while len(called) < THREADS:
            time.sleep(0.01)
        time.sleep(0.2)
        issuer.gate.set()

    opener = threading.Thread(target=open_gate)
    opener.start()
    failed = together(get)
    opener.join()
    assert all(isinstance(error, NotSent) for error in failed)
    assert issuer.requests_sent == 1
    issuer.error = None
    assert tokens.get() == "token-2"


def test_a_token_is_used_until_shortly_before_it_expires() -> None:
    now, issuer = [0.0], Issuer(expires_in=3600)
    tokens = CachedTokens(issuer, clock=lambda: now[0])
    assert tokens.get() == tokens.get() == "token-1"
    now[0] = 3539.0
    assert tokens.get() == "token-1"
    now[0] = 3541.0
    assert tokens.get() == "token-2"


@pytest.mark.parametrize(
    ("lifetime", "used_for"),
    [(1, 0.5), (2, 1), (5, 2.5), (10, 5), (30, 25), (45, 40), (50, 45), (60, 54), (120, 108), (599, 539.1),
     (600, 540), (3600, 3540), (86400, 86340)],
)  # fmt: skip
def test_a_token_is_used_for_nearly_its_lifetime(lifetime: int, used_for: float) -> None:
    now, issuer = [0.0], Issuer(expires_in=lifetime)
    tokens = CachedTokens(issuer, clock=lambda: now[0])
    tokens.get()
    now[0] = used_for - 0.01
    assert tokens.get() == "token-1"
    now[0] = used_for + 0.01
    assert tokens.get() != "token-1"


def test_a_token_without_a_lifetime_is_used_once() -> None:
    issuer = Issuer(expires_in=0)
    tokens = CachedTokens(issuer)
    assert [tokens.get() for _ in range(3)] == ["token-1", "token-2", "token-3"]


def test_only_the_current_token_is_forgotten() -> None:
    issuer = Issuer()
    tokens = CachedTokens(issuer, "given")
    assert tokens.get() == "given"
    tokens.failed("another")
    assert tokens.get() == "given"
    tokens.failed("given")
    assert tokens.get() == "token-1"
    tokens.failed("given")
    assert tokens.get() == "token-1"
    assert issuer.requests_sent == 1


def test_without_credentials_a_refused_token_is_final() -> None:
    tokens = CachedTokens(None, "given")
    tokens.failed("given")
    with pytest.raises(ReconnectRequired) as refused:
        tokens.get()
    assert "given" not in str(refused.value)


def test_hook_tokens_call_the_hooks() -> None:
    failed: list[str] = []
    tokens = HookTokens(lambda: "mine", failed.append)
    assert tokens.get() == "mine"
    tokens.failed("mine")
    assert failed == ["mine"]
    HookTokens(lambda: "mine").failed("mine")


def test_bearer_auth_adds_the_token_to_the_request() -> None:
    request = requests.Request("GET", "https://te.example/v1", auth=BearerAuth("abc")).prepare()
    assert request.headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("token", ["", "a\nb", "a\r\nX-Evil: 1", "a b", "ä", "\x00"])
def test_a_token_with_invalid_characters_is_not_sent(token: str, sandbox: SandboxServer) -> None:
    with sandbox.client(token=lambda: token) as client, pytest.raises(ReconnectRequired) as refused:
        client.contacts.list()
    assert refused.value.code == "invalid_token"
    assert (refused.value.method, refused.value.path) == ("GET", "/contacts")
    assert sandbox.requests("/contacts") == []


def test_an_error_in_the_token_hook_reaches_the_caller(sandbox: SandboxServer) -> None:
    def no_slot() -> str:
        raise TryLater("No token slot is free before 14:32.", after=60)

    with sandbox.client(token=no_slot) as client, pytest.raises(TryLater) as waiting:
        client.teapot()
    assert waiting.value.after == 60
    assert sandbox.requests("/teapot") == []


def test_a_token_can_be_set_after_the_credentials_were_refused() -> None:
    issuer = Issuer(ReconnectRequired())
    tokens = CachedTokens(issuer)
    for _ in range(2):
        with pytest.raises(ReconnectRequired):
            tokens.get()
    tokens.set("given")
    assert (tokens.get(), issuer.requests_sent) == ("given", 1)
    tokens.set(None)
    issuer.error = None
    assert tokens.get() == "token-2"


def test_a_refused_new_token_is_not_replaced(sandbox: SandboxServer) -> None:
    sandbox.fault({"path": "/v1/teapot", "status": 401})
    with sandbox.client() as client:
        for _ in range(3):
            with pytest.raises(ReconnectRequired) as refused:
                client.teapot()
    assert refused.value.code == "fresh_token_refused"
    assert (len(sandbox.requests("/token")), len(sandbox.requests("/teapot"))) == (1, 2)


def test_a_refused_token_is_replaced_if_it_worked_or_is_older() -> None:
    now, issuer = [0.0], Issuer()
    tokens = CachedTokens(issuer, clock=lambda: now[0])
    tokens.accepted(tokens.get())
    assert tokens.failed("token-1")
    assert tokens.get() == "token-2"
    now[0] = 61.0
    assert tokens.failed("token-2")
    assert tokens.get() == "token-3"
    assert not tokens.failed("token-3")
    tokens.set(None)
    assert tokens.get() == "token-4"


def test_a_call_rejected_for_another_reason_proves_the_token(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        with pytest.raises(Rejected):
            client.contacts.get(1)
        sandbox.fault({"path": "/v1/teapot", "status": 401, "times": 2})
        assert client.teapot()
    assert len(sandbox.requests("/token")) == 2


def test_a_storm_of_refusals_costs_one_token_request() -> None:
    now, issuer = [0.0], Issuer()
    tokens = CachedTokens(issuer, clock=lambda: now[0])
    for second in range(20):
        now[0] = float(second)
        tokens.accepted(tokens.get())
        assert tokens.failed(tokens.get()), "nobody is asked to connect again"
    assert tokens.get() == "token-2"
    now[0] = 70.0
    tokens.failed("token-2")
    assert tokens.get() == "token-3"


def test_each_refusal_raises_a_new_error() -> None:
    tokens = CachedTokens(Issuer(ReconnectRequired(code="invalid_client")))
    raised: list[ReconnectRequired] = []
    for _ in range(5):
        with pytest.raises(ReconnectRequired) as refused:
            tokens.get()
        raised.append(refused.value)
    assert len(set(map(id, raised))) == 5
    assert {error.code for error in raised} == {"invalid_client"}
    depths = [len(traceback.extract_tb(error.__traceback__)) for error in raised[1:]]
    assert depths == [depths[0]] * 4


def test_each_thread_gets_its_own_error() -> None:
    issuer = Issuer(NotSent())
    issuer.gate.clear()
    timer = threading.Timer(0.1, issuer.gate.set)
    timer.start()
    failed = together(CachedTokens(issuer).get)
    timer.join()
    assert issuer.requests_sent == 1
    assert len(set(map(id, failed))) == THREADS


@pytest.mark.parametrize("error", [None, ReconnectRequired()])
def test_a_token_that_is_set_takes_precedence_over_a_running_request(error: TotalExpertError | None) -> None:
    issuer = Issuer(error)
    issuer.gate.clear()
    tokens = CachedTokens(issuer)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tokens.get)
        while not issuer.requests_sent:
            time.sleep(0.001)
        tokens.set("given")
        assert tokens.get() == "given"
        issuer.gate.set()
        if error:
            assert isinstance(waiting.exception(), ReconnectRequired)
        else:
            assert waiting.result() == "token-1"
    assert (tokens.get(), issuer.requests_sent) == ("given", 1)
