"""One deadline for a whole exchange, over real sockets, whatever part of it is slow."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from integrations.total_expert import AnswerLost, Environment, NotSent, oauth
from integrations.total_expert.transport import adapters, sessions
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response, read_request
from tests.integrations.total_expert.transport.failing_call import failure

#: The deadline in these tests, and the most that an exchange may then take on a busy machine, in seconds.
DEADLINE, LIMIT = 0.4, 10.0


@pytest.fixture(autouse=True)
def short_deadline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sessions, "DEADLINE", DEADLINE)
    started = time.monotonic()
    yield
    assert time.monotonic() - started < LIMIT


def repeat(start: bytes, piece: bytes, pause: float = 0.05) -> Callable[[socket.socket], None]:
    """Return a script that sends the start, then the piece for ever."""

    def script(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(start)
            while True:
                connection.sendall(piece)
                time.sleep(pause)

    return script


SLOW = {
    "status line": repeat(b"HTTP/1.1 200 ", b"O"),
    "header": repeat(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "headers": repeat(b"HTTP/1.1 200 OK\r\n", b"X-Y: z\r\n", 0.01),
    "100 Continue": repeat(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.0),
    "slow 100 Continue": repeat(b"", b"HTTP/1.1 100 Continue\r\nX-Y: z\r\n\r\n"),
    "102 Processing": repeat(b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103 Early Hints": repeat(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "body": repeat(http_response(b"", length=1_000_000), b" "),
    "chunks": repeat(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "chunk size": repeat(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": repeat(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: y\r\n"),
    "body without a length": repeat(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "error page": repeat(http_response(b"", "503 Unavailable", length=1_000_000), b"<"),
}


@pytest.mark.parametrize("part", SLOW)
def test_a_slow_response_ends_at_the_deadline(scripted: ScriptedServer, part: str) -> None:
    scripted.answer(SLOW[part])
    assert type(failure(scripted, "POST")) is AnswerLost


@pytest.mark.parametrize("part", ["header", "100 Continue", "body"])
def test_a_slow_token_response_ends_at_the_deadline(scripted: ScriptedServer, part: str) -> None:
    scripted.answer(SLOW[part])
    with pytest.raises(AnswerLost):
        oauth.refresh(scripted.environment, client_id="i", client_secret="s", refresh_token="r")
    assert len(scripted.received) == 1


def test_a_server_that_does_not_read_ends_at_the_deadline(scripted: ScriptedServer) -> None:
    released = threading.Event()
    scripted._read = lambda connection: released.wait(30) and b"" or b""  # type: ignore[method-assign]
    with scripted.client(max_attempts=1) as client, pytest.raises(AnswerLost):
        client.request("POST", "contacts", json={"note": "x" * 20_000_000})
    released.set()


def test_a_slow_look_up_of_the_host_sends_nothing(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args: released.wait(30) and [])
    error = failure(scripted, "POST")
    released.set()
    assert type(error) is NotSent
    assert scripted.received == []


def test_many_addresses_that_do_not_answer_share_the_deadline(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def time_out(address: tuple[str, int], timeout: float, **options: object) -> socket.socket:
        tried.append(address)
        time.sleep(min(timeout, 0.1))
        raise TimeoutError

    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *args: [(*entry, (f"192.0.2.{n}", 1)) for n in range(200)]
    )
    monkeypatch.setattr(adapters, "create_connection", time_out)
    assert type(failure(scripted, "POST", timeout=(20, 20))) is NotSent
    assert 1 < len(tried) < 20


def test_an_address_that_refuses_does_not_hide_the_next_one(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *args: [(*entry, (f"127.0.0.{n}", port)) for n in (9, 1)]
    )
    scripted.answer(http_response(b"[1]"))
    with scripted.client() as client:
        assert client.request("GET", "x") == [1]


def test_a_proxy_that_drips_sends_nothing(scripted: ScriptedServer) -> None:
    scripted.answer(repeat(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"))
    proxy = scripted.environment.origin
    environment = Environment("tls", "https://te.example/v1", "https://te.example/v1/authorize")
    session = sessions.configure_session(sessions.ApiSession(), environment, proxies={"https": proxy})
    with pytest.raises(requests.ConnectionError), session:
        session.get(f"{environment.base_url}/x", timeout=20)
    assert scripted.received[0].startswith(b"CONNECT ")


def test_the_timeout_of_a_single_read_is_shorter(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "DEADLINE", 60.0)
    scripted.answer(lambda connection: time.sleep(0.3))
    assert type(failure(scripted, "POST", timeout=(1, 0.05))) is AnswerLost


def test_interim_responses_are_skipped(scripted: ScriptedServer) -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    scripted.answer(interim + http_response(b"[1]"))
    with scripted.client() as client:
        assert client.request("GET", "x") == [1]


def test_a_response_never_answers_the_next_request(scripted: ScriptedServer) -> None:
    """A 103 or 101 that is taken for the whole response would leave the real one to the next caller."""

    def answer_late(connection: socket.socket) -> None:
        for body in (b"[1]", b"[2]"):
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            time.sleep(0.05)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body)
            read_request(connection)

    scripted.answer(answer_late, http_response(b"[2]"))
    with scripted.client() as client:
        assert [client.request("GET", "x"), client.request("GET", "y")] == [[1], [2]]


def test_each_exchange_on_a_connection_has_a_deadline_of_its_own(scripted: ScriptedServer) -> None:
    def answer_twice(connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
            scripted.received.append(read_request(connection))

    scripted.answer(answer_twice)
    with scripted.client() as client:
        client.request("GET", "x")
        time.sleep(DEADLINE * 1.2)
        client.request("GET", "y")
    assert len(list(filter(None, scripted.received))) == 2, "both on one connection"
