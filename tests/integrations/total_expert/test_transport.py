"""What the network can do to an exchange, on real sockets."""

import contextlib
import gzip
import json
import os
import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

from integrations.total_expert import (
    AnswerLost,
    Client,
    Environment,
    NotSent,
    Rejected,
    TotalExpertError,
    TryLater,
    oauth,
    transport,
)
from tests.integrations.total_expert.conftest import Emulator, Scripted


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """The bytes of an answer; `length` is claimed where it differs."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def failure(scripted: Scripted, method: str = "GET", **options: Any) -> TotalExpertError:
    body = None if method == "GET" else {"first_name": "Clark"}
    with scripted.client(attempts=1, **options) as client, pytest.raises(TotalExpertError) as failed:
        client.request(method, "contacts", json=body)
    return failed.value


HTML = b"<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
BROKEN = [
    http(HTML),
    http(b""),
    http(b'{"items": [{"id": 1, "first_na'),
    http(b'{"items": [], "links": NaN}'),
    http(b'{"a": 1e999}'),
    http(b"\xff\xfe{"),
    http(b"[" * 100_000),
    http(b"1" * 5000),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_an_answer_that_is_no_json_is_tried_later_after_a_read(scripted: Scripted, answer: bytes) -> None:
    scripted.answer(answer)
    error = failure(scripted)
    assert type(error) is TryLater
    assert (error.code, error.status) == ("unreadable", 200)


@pytest.mark.parametrize("answer", BROKEN)
def test_an_answer_that_is_no_json_may_mean_success_after_a_write(scripted: Scripted, answer: bytes) -> None:
    scripted.answer(answer)
    error = failure(scripted, "POST")
    assert type(error) is AnswerLost
    assert error.status == 200


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "404 Not Found", "502 Bad Gateway", "503 Gone Fishing"]
)
def test_an_html_error_is_an_error_by_its_status(scripted: Scripted, status: str) -> None:
    scripted.answer(http(HTML, status))
    error = failure(scripted)
    assert error.status == int(status[:3])
    assert "<" not in str(error)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        http(b'{"items": []', length=500),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"nonsense\r\n\r\n",
        http(b"not gzip", "200 OK", "Content-Encoding: gzip"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_connection_that_breaks_loses_the_answer(
    scripted: Scripted, answer: bytes | None, method: str
) -> None:
    scripted.answer(answer)
    assert type(failure(scripted, method)) is AnswerLost


def test_a_connection_that_is_reset_loses_the_answer(scripted: Scripted) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    scripted.answer(reset)
    assert type(failure(scripted, "POST")) is AnswerLost


def test_an_answer_that_takes_too_long_is_lost(scripted: Scripted) -> None:
    scripted.answer(lambda connection: time.sleep(0.3))
    assert type(failure(scripted, "POST", timeout=(1, 0.05))) is AnswerLost


def test_where_nobody_listens_nothing_was_sent(scripted: Scripted) -> None:
    scripted.close()
    error = failure(scripted, "POST")
    assert type(error) is NotSent
    assert error.status is None
    assert "Nothing was sent" in str(error)


@pytest.mark.parametrize(
    "failed",
    [
        requests.exceptions.ConnectTimeout("connect timed out"),
        requests.ConnectionError(ConnectionRefusedError(111, "refused")),
    ],
)
def test_where_no_connection_is_made_nothing_was_sent(failed: Exception) -> None:
    assert type(transport.classify(failed, method="POST", path="/contacts")) is NotSent


def test_what_the_caller_was_handling_says_nothing_of_the_request(scripted: Scripted) -> None:
    scripted.answer(None, None, None)
    with scripted.client() as client:
        try:
            raise ConnectionRefusedError(111, "the caller's own database")
        except ConnectionRefusedError:
            with pytest.raises(AnswerLost):
                client.contacts.create({"first_name": "Ada"})
    assert len(scripted.received) == 1


@pytest.mark.parametrize("proxy", ["ftp://127.0.0.1:1", "socks9://127.0.0.1:1", "http://"])
def test_a_proxy_that_can_not_be_used_is_a_request_to_change(scripted: Scripted, proxy: str) -> None:
    error = failure(scripted, "POST", proxies={"http": proxy})
    assert isinstance(error, Rejected)
    assert error.code == "invalid_request"
    assert "Nothing was sent" in str(error)
    assert scripted.received == []


def test_an_unknown_host_is_not_sent_to() -> None:
    with requests.Session() as session, pytest.raises(requests.ConnectionError) as failed:
        session.trust_env = False
        session.get("https://total-expert.invalid/v1")
    assert type(transport.classify(failed.value, method="POST", path="/contacts")) is NotSent


def test_a_server_that_does_not_speak_tls_gets_no_token(scripted: Scripted) -> None:
    secure = Environment(
        "tls", scripted.environment.base_url.replace("http:", "https:"), "https://te.example/v1/authorize"
    )
    scripted.answer(http(b"{}"))

    with (
        Client(secure, token=lambda: "a-token", attempts=1, timeout=(0.2, 0.2)) as client,
        pytest.raises(TryLater),
    ):
        client.teapot()
    assert b"a-token" not in b"".join(scripted.received)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_redirect_is_refused_and_the_token_goes_nowhere(status: str, scripted: Scripted) -> None:
    other = Scripted()
    scripted.answer(http(b"{}", status, f"Location: {other.environment.base_url}/contacts"))
    error = failure(scripted)
    other.close()
    assert isinstance(error, Rejected)
    assert error.code == "redirect"
    assert other.received == []
    assert len(scripted.received) == 1


def test_a_redirect_with_an_endless_body_is_cut_off(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 100_000)
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(http(b"", "302 Found", "Location: /elsewhere", length=100_000_000))
        with contextlib.suppress(OSError):
            while sent < 100_000_000:
                sent += connection.send(b" " * 100_000)

    scripted.answer(pour, pour)
    assert failure(scripted).code == "too_large"
    with pytest.raises(TotalExpertError):
        oauth.refresh(scripted.environment, client_id="i", client_secret="s", refresh_token="r")
    scripted.close()
    assert sent < 50_000_000


def test_a_session_reaches_no_other_host(emulator: Emulator) -> None:
    session = transport.prepare_session(
        transport.FencedSession(), emulator.environment, adapter=emulator.adapter
    )
    assert session.get("https://te.example/v1/heartbeat").status_code == 200
    for url in ("https://evil.example/v1", "http://te.example/v1", "https://te.example.evil.example/"):
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.get(url)


def test_a_longer_answer_than_allowed_is_cut_off(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 100_000)
    scripted.answer(http(b"[" + b" " * 200_000 + b"]"), http(b"[" + b" " * 200_000 + b"]"))
    error = failure(scripted)
    assert isinstance(error, Rejected)
    assert error.code == "too_large"
    assert type(failure(scripted, "POST")) is AnswerLost


def test_an_answer_that_trickles_in_is_given_up(scripted: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 0.3)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(http(b"", length=1_000))
        with contextlib.suppress(OSError):
            for _ in range(1200):
                connection.sendall(b" ")
                time.sleep(0.05)

    scripted.answer(trickle)
    began = time.monotonic()
    assert type(failure(scripted, "POST")) is AnswerLost
    assert time.monotonic() - began < 30, "all of it would have taken a minute"


def test_a_compressed_answer_is_measured_unpacked(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    assert len(bomb) < 100_000
    scripted.answer(http(bomb, "200 OK", "Content-Encoding: gzip"))
    assert failure(scripted).code == "too_large"


def test_a_compressed_answer_is_read(scripted: Scripted) -> None:
    scripted.answer(http(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip"))
    with scripted.client() as client:
        assert client.request("GET", "x") == {"a": 1}


def test_half_a_character_is_mended_and_whole_ones_stay(scripted: Scripted) -> None:
    scripted.answer(http(json.dumps({"a": ["\ud83d", "😀", "ok"], "\udc00": 1}).encode()))
    with scripted.client() as client:
        read = client.request("GET", "x")
    assert read["a"][1:] == ["😀", "ok"]
    json.dumps(read, ensure_ascii=False).encode()


def test_a_byte_order_mark_does_no_harm(scripted: Scripted) -> None:
    scripted.answer(http(b"\xef\xbb\xbf[1]"))
    with scripted.client() as client:
        assert client.request("GET", "x") == [1]


def test_cookies_are_not_kept(scripted: Scripted) -> None:
    scripted.answer(http(b"{}", "200 OK", "Set-Cookie: a=b; Path=/"), http(b"{}"))
    with scripted.client() as client:
        client.request("GET", "x")
        client.request("GET", "x")
    assert b"cookie" not in scripted.received[1].lower()


def test_netrc_and_proxies_of_the_environment_are_not_used(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", os.fspath(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    scripted.answer(http(b"{}"))
    with scripted.client() as client:
        client.heartbeat()
    assert b"authorization" not in scripted.received[0].lower()


def test_proxies_that_are_given_are_used(scripted: Scripted) -> None:
    proxy = Scripted()
    proxy.answer(http(b'{"running_item": "x"}'))
    address = proxy.environment.origin
    with scripted.client(proxies={"http": address}) as client:
        assert client.heartbeat() == "x"
    proxy.close()
    assert scripted.received == []


def test_a_proxy_that_is_not_there_means_nothing_was_sent(scripted: Scripted) -> None:
    assert type(failure(scripted, "POST", proxies={"http": "http://127.0.0.1:1"})) is NotSent


@responses.activate
@pytest.mark.parametrize(
    "raised",
    [
        OSError("x"),
        requests.RequestException("x"),
        ValueError("x"),
        requests.exceptions.ChunkedEncodingError("x"),
    ],
)
def test_whatever_the_library_raises_is_one_of_the_three(raised: Exception) -> None:
    responses.get("https://te.example/v1/contacts", body=raised)

    environment = Environment("x", "https://te.example/v1", "https://te.example/v1/authorize")
    with Client(environment, token=lambda: "a-token", attempts=1) as client, pytest.raises(TotalExpertError):
        client.contacts.list()
