"""How responses are read: bodies, limits and headers."""

import datetime as dt
import email.utils
import gzip
import io
import json
import tracemalloc

import pytest
import requests

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


def body_of(content: bytes) -> requests.Response:
    response = requests.Response()
    response.status_code, response.raw = 200, io.BytesIO(content)
    return response


@pytest.mark.parametrize(
    "unit",
    [
        b"{}",
        b"[]",
        b"0",
        b'""',
        b'{"a":1}',
        b"[[]]",
        b'{"items":[]}',
        b'"\xf0\x9f\x98\x80"',
        b'{"a":{"b":{}}}',
    ],
)
def test_a_body_that_would_explode_is_refused_before_it_is_parsed(unit: bytes) -> None:
    """As objects, 31 MB of these take up to a gigabyte."""
    for size in (31, 15):
        bomb = body_of(b"[" + (unit + b",") * (size * 1_000_000 // (len(unit) + 1)) + b"0]")
        tracemalloc.start()
        with pytest.raises(api_responses.AnswerTooLarge):
            api_responses.read_response(bomb)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 60_000_000, "the bytes, and what a growing buffer keeps in reserve"


def test_a_large_page_is_far_from_the_limits() -> None:
    contact = {f"field_{number}": "a value, {another} one" for number in range(200)}
    page = json.dumps({"items": [contact] * 100, "links": {"next": None}}).encode()
    assert len(api_responses.read_response(body_of(page)).data["items"]) == 100


def test_a_number_that_is_too_long_costs_itself_only(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"a": ' + b"1" * 5000 + b', "b": ' + b"2" * 40 + b', "c": -7}'))
    with scripted.client() as client:
        read = client.request("GET", "x")
    assert (read["a"], read["b"], read["c"]) == ("1" * 5000, int("2" * 40), -7)


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


DATE = "Date: Sat, 28 Nov 2026 11:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "after"),
    [("12", 12.0), ("0.5", 0.5), ("-3", None), ("0", None), ("-0.0", None), ("soon", None), ("", None), ("nan", None),
     ("1e999", None), ("9" * 5000, api_responses.MAX_RETRY_AFTER),
     ("9999999999", api_responses.MAX_RETRY_AFTER), ("Thu, 99 Foo 2099", None),
     ("Thu, 01 Jan 1970 00:00:00 GMT", None), ("Sat, 28 Nov 2026 10:59:59 GMT", None), (", " * 40_000, None),
     ("Sat, 28 Nov 2026 11:00:00 GMT", None), ("Sat, 28 Nov 2026 11:01:30 GMT", 90.0),
     ("Saturday, 28-Nov-26 11:01:30 GMT", 90.0), ("Sat Nov 28 11:01:30 2026", 90.0),
     ("Sat, 28 Nov 2026 12:01:30 +0100", 90.0), ("Sat, 28 Nov 2026 11:01:30", 90.0),
     ("Fri, 31 Dec 9999 23:59:59 GMT", api_responses.MAX_RETRY_AFTER)],
)  # fmt: skip
def test_retry_after_is_a_number_or_a_date_by_the_servers_own_clock(header: str, after: float | None) -> None:
    response = body_of(b"{}")
    response.headers.update({"Retry-After": header, "Date": DATE.removeprefix("Date: ")})
    assert api_responses.read_response(response).retry_after == after


def test_the_wait_of_a_429_is_part_of_its_error(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b"{}", "429 Too Many", "Retry-After: 7"),
        http_response(b"{}", "429 Too Many", "Retry-After: 0"),
    )
    first, second = failure(scripted), failure(scripted)
    assert isinstance(first, TryLater) and isinstance(second, TryLater)
    assert (first.after, second.after) == (7.0, None)


@pytest.mark.parametrize("date", ["Date: soon", "Date: ", "X: y"])
def test_without_a_date_of_its_own_a_response_is_measured_by_our_clock(
    scripted: ScriptedServer, date: str
) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
    header = f"Retry-After: {email.utils.format_datetime(at, usegmt=True)}"
    scripted.answer(http_response(b"{}", "503 Unavailable", header, date))
    error = failure(scripted)
    assert isinstance(error, TryLater)
    assert error.after is not None
    assert 60 < error.after <= 90


def test_the_request_id_of_the_server_is_sanitized(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"{}", "404 Not Found", "X-Request-Id: ab<c>-1 2" + "x" * 200))
    error = failure(scripted)
    assert error.request_id is not None
    assert error.request_id.startswith("abc-12x")
    assert len(error.request_id) == 100
