"""Where tokens come from, and that one request brings one however many threads need it."""

import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from integrations.total_expert import (
    Grant,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
)
from integrations.total_expert.authentication import BearerAuth, HookedTokens, OwnTokens
from tests.integrations.total_expert.conftest import Emulator

THREADS = 16


def together(work: Callable[[], Any], threads: int = THREADS) -> list[Any]:
    """Run something in many threads that start at once; results, or the errors."""
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
    """Grants tokens slowly, counting, or fails."""

    def __init__(self, error: TotalExpertError | None = None, expires_in: int = 3600) -> None:
        self.asked = 0
        self.error = error
        self.expires_in = expires_in
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> Grant:
        self.asked += 1
        self.gate.wait(60)
        if self.error:
            raise self.error
        return Grant(f"token-{self.asked}", self.expires_in, frozenset())


def test_sixteen_threads_that_find_the_token_expired_send_one_token_request(emulator: Emulator) -> None:
    emulator.fault({"method": "POST", "path": "/v1/token", "delay_ms": 50})
    with emulator.client() as client:
        assert len(together(client.teapot)) == THREADS
        assert len(emulator.requests("/token")) == 1
        emulator.pass_time(3601)
        assert together(client.teapot) == [True] * THREADS
    assert len(emulator.requests("/token")) == 2
    refused = [row for row in emulator.requests("/teapot") if row["status"] == 401]
    assert 1 <= len(refused) <= THREADS


def test_threads_share_a_refusal_instead_of_asking_again(emulator: Emulator) -> None:
    emulator.fault({"method": "POST", "path": "/v1/token", "delay_ms": 50})
    with emulator.client(client_secret="wrong") as client:
        failed = together(client.teapot)
        assert all(isinstance(error, ReconnectRequired) for error in failed)
        with pytest.raises(ReconnectRequired):
            client.teapot()
    assert len(emulator.requests("/token")) == 1


def test_a_failure_that_may_pass_is_shared_and_then_tried_again() -> None:
    issuer = Issuer(NotSent())
    issuer.gate.clear()
    tokens = OwnTokens(issuer)
    opened = threading.Timer(0.1, issuer.gate.set)
    opened.start()
    failed = together(tokens.get)
    opened.join()
    assert all(isinstance(error, NotSent) for error in failed)
    assert issuer.asked == 1
    issuer.error = None
    assert tokens.get() == "token-2"


def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    now, issuer = [0.0], Issuer(expires_in=3600)
    tokens = OwnTokens(issuer, clock=lambda: now[0])
    assert tokens.get() == tokens.get() == "token-1"
    now[0] = 3569.0
    assert tokens.get() == "token-1"
    now[0] = 3571.0
    assert tokens.get() == "token-2"


def test_a_token_of_short_life_is_used_all_the_same() -> None:
    now, issuer = [0.0], Issuer(expires_in=10)
    tokens = OwnTokens(issuer, clock=lambda: now[0])
    tokens.get()
    now[0] = 9.0
    assert tokens.get() == "token-1"


def test_only_the_token_in_use_is_forgotten() -> None:
    issuer = Issuer()
    tokens = OwnTokens(issuer, "given")
    assert tokens.get() == "given"
    tokens.failed("another")
    assert tokens.get() == "given"
    tokens.failed("given")
    assert tokens.get() == "token-1"
    tokens.failed("given")
    assert tokens.get() == "token-1"
    assert issuer.asked == 1


def test_a_given_token_without_credentials_ends_with_its_refusal() -> None:
    tokens = OwnTokens(None, "given")
    tokens.failed("given")
    with pytest.raises(ReconnectRequired) as ended:
        tokens.get()
    assert "given" not in str(ended.value)


def test_hooks_are_passed_through() -> None:
    failed: list[str] = []
    tokens = HookedTokens(lambda: "mine", failed.append)
    assert tokens.get() == "mine"
    tokens.failed("mine")
    assert failed == ["mine"]
    HookedTokens(lambda: "mine").failed("mine")


def test_a_request_bears_its_token() -> None:
    request = requests.Request("GET", "https://te.example/v1", auth=BearerAuth("abc")).prepare()
    assert request.headers["Authorization"] == "Bearer abc"


@pytest.mark.parametrize("token", ["", "a\nb", "a\r\nX-Evil: 1", "a b", "ä", "\x00"])
def test_a_token_that_can_not_stand_in_a_header_is_refused(token: str, emulator: Emulator) -> None:
    with emulator.client(token=lambda: token) as client, pytest.raises(ReconnectRequired) as refused:
        client.contacts.list()
    assert refused.value.code == "invalid_token"
    assert (refused.value.method, refused.value.path) == ("GET", "/contacts")
    assert emulator.requests("/contacts") == []


def test_an_error_of_the_token_hook_reaches_the_caller(emulator: Emulator) -> None:
    def no_slot() -> str:
        raise TryLater("No token slot is free before 14:32.", after=60)

    with emulator.client(token=no_slot) as client, pytest.raises(TryLater) as waiting:
        client.teapot()
    assert waiting.value.after == 60
    assert emulator.requests("/teapot") == []


def test_a_token_that_is_set_is_used_even_after_the_credentials_were_refused() -> None:
    issuer = Issuer(ReconnectRequired())
    tokens = OwnTokens(issuer)
    for _ in range(2):
        with pytest.raises(ReconnectRequired):
            tokens.get()
    tokens.set("given")
    assert (tokens.get(), issuer.asked) == ("given", 1)
    tokens.set(None)
    issuer.error = None
    assert tokens.get() == "token-2"


def test_a_fresh_token_that_is_refused_costs_no_other(emulator: Emulator) -> None:
    emulator.fault({"path": "/v1/teapot", "status": 401})
    with emulator.client() as client:
        for _ in range(3):
            with pytest.raises(ReconnectRequired) as refused:
                client.teapot()
    assert refused.value.code == "fresh_token_refused"
    assert (len(emulator.requests("/token")), len(emulator.requests("/teapot"))) == (1, 1)


def test_a_token_that_worked_or_grew_old_unused_is_replaced_when_it_is_refused() -> None:
    now, issuer = [0.0], Issuer()
    tokens = OwnTokens(issuer, clock=lambda: now[0])
    tokens.accepted(tokens.get())
    assert tokens.failed("token-1")
    assert tokens.get() == "token-2"
    now[0] = 61.0
    assert tokens.failed("token-2")
    assert tokens.get() == "token-3"
    assert not tokens.failed("token-3")
    tokens.set(None)
    assert tokens.get() == "token-4"


def test_a_call_that_is_refused_for_another_reason_shows_that_the_token_works(emulator: Emulator) -> None:
    with emulator.client() as client:
        with pytest.raises(Rejected):
            client.contacts.get(1)
        emulator.fault({"path": "/v1/teapot", "status": 401, "times": 1})
        assert client.teapot()
    assert len(emulator.requests("/token")) == 2


def test_a_refusal_is_a_new_error_every_time() -> None:
    tokens = OwnTokens(Issuer(ReconnectRequired(code="invalid_client")))
    raised: list[ReconnectRequired] = []
    for _ in range(5):
        with pytest.raises(ReconnectRequired) as refused:
            tokens.get()
        raised.append(refused.value)
    assert len(set(map(id, raised))) == 5
    assert {error.code for error in raised} == {"invalid_client"}
    depths = [len(traceback.extract_tb(error.__traceback__)) for error in raised[1:]]
    assert depths == [depths[0]] * 4


def test_threads_that_share_a_refusal_have_an_error_each() -> None:
    issuer = Issuer(NotSent())
    issuer.gate.clear()
    opened = threading.Timer(0.1, issuer.gate.set)
    opened.start()
    failed = together(OwnTokens(issuer).get)
    opened.join()
    assert issuer.asked == 1
    assert len(set(map(id, failed))) == THREADS


@pytest.mark.parametrize("error", [None, ReconnectRequired()])
def test_a_token_that_is_set_counts_for_more_than_a_request_under_way(error: TotalExpertError | None) -> None:
    issuer = Issuer(error)
    issuer.gate.clear()
    tokens = OwnTokens(issuer)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tokens.get)
        while not issuer.asked:
            time.sleep(0.001)
        tokens.set("given")
        assert tokens.get() == "given"
        issuer.gate.set()
        if error:
            assert isinstance(waiting.exception(), ReconnectRequired)
        else:
            assert waiting.result() == "token-1"
    assert (tokens.get(), issuer.asked) == ("given", 1)
