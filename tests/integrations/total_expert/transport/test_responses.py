"""How responses are read: bodies, limits and headers."""

import contextlib
import datetime as dt
import email.utils
import gzip
import json
import socket
import time

import pytest

from integrations.total_expert import (
    AnswerLost,
    Rejected,
    TryLater,
)
from integrations.total_expert.transport import responses as api_responses
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response
from tests.integrations.total_expert.transport.failing_call import failure

HTML = b"<!DOCTYPE html><html><body><h1>Bad Gateway</h1></body></html>"
BROKEN = [
    http_response(HTML),
    http_response(b""),
    http_response(b'{"items": [{"id": 1, "first_na'),
    http_response(b'{"items": [], "links": NaN}'),
    http_response(b'{"a": 1e999}'),
    http_response(b"\xff\xfe{"),
    http_response(b"[" * 100_000),
    http_response(b"1" * 5000),
]


@pytest.mark.parametrize("answer", BROKEN)
def test_a_read_whose_response_is_not_json_raises_try_later(scripted: ScriptedServer, answer: bytes) -> None:
    scripted.answer(answer)
    error = failure(scripted)
    assert type(error) is TryLater
    assert (error.code, error.status) == ("unreadable", 200)


@pytest.mark.parametrize("answer", BROKEN)
def test_a_write_whose_response_is_not_json_raises_answer_lost(
    scripted: ScriptedServer, answer: bytes
) -> None:
    scripted.answer(answer)
    error = failure(scripted, "POST")
    assert type(error) is AnswerLost
    assert error.status == 200


@pytest.mark.parametrize(
    "status", ["400 Bad Request", "404 Not Found", "502 Bad Gateway", "503 Gone Fishing"]
)
def test_an_html_error_page_is_an_error_by_its_status(scripted: ScriptedServer, status: str) -> None:
    scripted.answer(http_response(HTML, status))
    error = failure(scripted)
    assert error.status == int(status[:3])
    assert "<" not in str(error)


def test_a_response_that_is_too_large_is_cut_off(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_responses, "MAX_RESPONSE_BYTES", 100_000)
    scripted.answer(http_response(b"[" + b" " * 200_000 + b"]"), http_response(b"[" + b" " * 200_000 + b"]"))
    error = failure(scripted)
    assert isinstance(error, Rejected)
    assert error.code == "too_large"
    assert type(failure(scripted, "POST")) is AnswerLost


def test_a_response_that_is_too_slow_is_abandoned(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_responses, "MAX_RESPONSE_SECONDS", 0.3)

    def trickle(connection: socket.socket) -> None:
        connection.sendall(http_response(b"", length=1_000))
        with contextlib.suppress(OSError):
            for _ in range(1200):
                connection.sendall(b" ")
                time.sleep(0.05)

    scripted.answer(trickle)
    started = time.monotonic()
    assert type(failure(scripted, "POST")) is AnswerLost
    assert time.monotonic() - started < 30, "the whole response takes a minute"


def test_the_size_limit_applies_after_decompression(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_responses, "MAX_RESPONSE_BYTES", 1_000_000)
    bomb = gzip.compress(b"[" + b" " * 50_000_000 + b"]")
    assert len(bomb) < 100_000
    scripted.answer(http_response(bomb, "200 OK", "Content-Encoding: gzip"))
    assert failure(scripted).code == "too_large"


def test_a_compressed_response_is_read(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(gzip.compress(b'{"a": 1}'), "200 OK", "Content-Encoding: gzip"))
    with scripted.client() as client:
        assert client.request("GET", "x") == {"a": 1}


def test_lone_surrogates_are_replaced(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(json.dumps({"a": ["\ud83d", "😀", "ok"], "\udc00": 1}).encode()))
    with scripted.client() as client:
        read = client.request("GET", "x")
    assert read["a"][1:] == ["😀", "ok"]
    json.dumps(read, ensure_ascii=False).encode()


def test_a_byte_order_mark_is_ignored(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"\xef\xbb\xbf[1]"))
    with scripted.client() as client:
        assert client.request("GET", "x") == [1]


@pytest.mark.parametrize(
    ("header", "after"),
    [("12", 12.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("", None), ("nan", None), ("1e999", None),
     ("9999999999", api_responses.MAX_RETRY_AFTER), ("Thu, 99 Foo 2099", None),
     ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date(
    scripted: ScriptedServer, header: str, after: float | None
) -> None:
    scripted.answer(http_response(b"{}", "429 Too Many", f"Retry-After: {header}"))
    error = failure(scripted)
    assert isinstance(error, TryLater)
    assert error.after == after


def test_retry_after_can_be_a_date_in_the_future(scripted: ScriptedServer) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    header = f"Retry-After: {email.utils.format_datetime(at, usegmt=True)}"
    scripted.answer(http_response(b"{}", "503 Unavailable", header))
    error = failure(scripted)
    assert isinstance(error, TryLater)
    assert error.after is not None
    assert 80 < error.after <= 90


def test_the_request_id_of_the_server_is_sanitized(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"{}", "404 Not Found", "X-Request-Id: ab<c>-1 2" + "x" * 200))
    error = failure(scripted)
    assert error.request_id is not None
    assert error.request_id.startswith("abc-12x")
    assert len(error.request_id) == 100
