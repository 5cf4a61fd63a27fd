"""The web server with slow and silent clients: real sockets, with and without the documented proxy."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from portal.request_framing import MAX_BODY
from tests.processes import ROOT, free_port

#: The slowest that a probe may be answered while clients drip, in seconds.
AT_MOST = 1.0
POST = b"POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"POST /form HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nff\r\n"
SLOW = [POST, CHUNKED, POST[:30], POST[:-2], b"GET", b""]


def answer(environ, start_response):
    """The WSGI application that the server under test serves: says how many bytes arrived."""
    body = b"%d" % len(environ["wsgi.input"].read())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def running(command: list[str], port: int, folder: Path) -> Iterator[int]:
    """Run a server until the end of the block. Yield its port once it accepts connections."""
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)}
        )
        try:
            until = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < until, (folder / "log").read_text()
                    time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def gunicorn(folder: Path) -> Iterator[int]:
    """Run gunicorn with the documented settings: gunicorn.conf.py, which it finds by itself."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", f"{__name__}:answer", "--bind", f"127.0.0.1:{port}"]
    with running(command, port, folder):
        slowest_probe(port, 0.5)  # the first answers are late while the worker processes start
        yield port


@contextmanager
def caddy(folder: Path, upstream: int) -> Iterator[int]:
    """Run Caddy with the documented Caddyfile, on loopback and without a certificate."""
    port = free_port()
    documented = (ROOT / "deploy/Caddyfile").read_text()
    text = documented.replace("portal.example.com {", f"http://127.0.0.1:{port}, http://localhost:{port} {{")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("{\n", "{\n\tadmin off\n", 1)
    assert text.count(str(port)) == 2 and str(upstream) in text
    (folder / "Caddyfile").write_text(text)
    with running(
        ["caddy", "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"], port, folder
    ):
        yield port


@pytest.fixture(scope="module")
def direct(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with gunicorn(tmp_path_factory.mktemp("direct")) as port:
        yield port


@pytest.fixture(scope="module")
def behind_caddy(tmp_path_factory: pytest.TempPathFactory, direct: int) -> Iterator[int]:
    if shutil.which("caddy") is None:
        pytest.skip("Caddy is not installed: apt-get install caddy")
    with caddy(tmp_path_factory.mktemp("caddy"), direct) as port:
        yield port


@contextmanager
def dripping(port: int, count: int, beginnings: list[bytes]) -> Iterator[None]:
    """Keep ``count`` connections open that send one byte about once a second."""
    ended = threading.Event()
    with ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(count)
        ]
        for number, client in enumerate(clients):
            client.sendall(beginnings[number % len(beginnings)])

        def drip() -> None:
            while not ended.wait(0.5):
                for number, client in enumerate(clients):
                    try:
                        if beginnings[number % len(beginnings)]:  # the others stay silent
                            client.send(b"a")
                    except OSError:
                        pass  # the server gave up on it

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def slowest_probe(port: int, seconds: float = 2.5) -> float:
    """Ask again and again, on a new connection each time. Return the longest time that an answer took."""
    slowest, until = 0.0, time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        assert connection.getresponse().status == 200
        connection.close()
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.02)
    return slowest


def exchange(port: int, data: bytes) -> bytes:
    """Send bytes and return everything that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", port), 20) as client:
        client.sendall(data)
        found = b""
        while received := client.recv(65536):
            found += received
        return found


@pytest.mark.parametrize("server", ["direct", "behind_caddy"])
def test_64_dripping_clients_slow_nobody_down(server: str, request: pytest.FixtureRequest) -> None:
    port = request.getfixturevalue(server)
    with dripping(port, 64, SLOW):
        assert slowest_probe(port) < AT_MOST


def test_more_clients_than_connections_cost_only_the_oldest_of_them(direct: int) -> None:
    with dripping(direct, 1100, SLOW):
        assert slowest_probe(direct, 1) < AT_MOST


def test_clients_that_leave_their_answered_connection_open_slow_nobody_down(direct: int) -> None:
    with dripping(direct, 64, [b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"]):
        assert slowest_probe(direct) < AT_MOST


def test_a_second_request_that_only_began_slows_nobody_down(direct: int) -> None:
    begun = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + POST
    with dripping(direct, 64, [begun]):
        assert slowest_probe(direct) < AT_MOST


@pytest.mark.parametrize("size", [0, 1, 5_000, 1_500_000])
@pytest.mark.parametrize("server", ["direct", "behind_caddy"])
def test_bodies_arrive_whole(server: str, size: int, request: pytest.FixtureRequest) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", request.getfixturevalue(server), timeout=30)
    for is_chunked in (False, True):  # both on one connection
        body = iter([b"a" * size]) if is_chunked and size else b"a" * size
        connection.request("POST", "/", body, {"Host": "localhost"}, encode_chunked=is_chunked and size > 0)
        assert connection.getresponse().read() == b"%d" % size
    connection.close()


def test_a_body_in_many_small_chunks_takes_no_long_time(direct: int) -> None:
    size = MAX_BODY - 200_000
    body = b"1\r\na\r\n" * 19_000 + b"%x\r\n" % size + b"a" * size + b"\r\n0\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    began = time.monotonic()
    assert exchange(direct, head + body).endswith(b"\r\n\r\n%d" % (19_000 + size))
    assert time.monotonic() - began < 5


def test_requests_sent_at_once_are_answered_in_turn(direct: int) -> None:
    first = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    last = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n"
    found = exchange(direct, first + b"\r\n" + first + last)
    assert [part[-1:] for part in found.split(b"HTTP/1.1 200 OK")[1:]] == [b"3", b"3", b"4"]


def test_a_client_that_waits_to_be_told_is_told_to_continue(direct: int) -> None:
    with socket.create_connection(("127.0.0.1", direct), 10) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
        )
        assert client.recv(100).startswith(b"HTTP/1.1 100")
        client.sendall(b"abc")
        found = b""
        while received := client.recv(1000):
            found += received
        assert b"HTTP/1.1 200" in found and found.endswith(b"3")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: %d" % (MAX_BODY + 1), b"413"),
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", b"400"),
        (b"Content-Length: x", b"400"),
        (b"Content-Length : 5", b"400"),
        (b"no colon", b"400"),
    ],
)
def test_what_cannot_be_read_is_refused_at_once(direct: int, head: bytes, status: bytes) -> None:
    found = exchange(direct, b"POST / HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 " + status)
