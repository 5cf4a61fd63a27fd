"""Reading responses: limits on size and time, JSON, and the headers that matter."""

import datetime as dt
import email.utils
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

#: The most seconds that a response body may take. The read timeout does not catch a server that sends slowly.
MAX_RESPONSE_SECONDS = 45.0
#: The largest response body, in bytes after decompression. A page of 100 contacts has about 300 KB.
MAX_RESPONSE_BYTES = 32 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
#: The longest Retry-After that is believed, in seconds.
MAX_RETRY_AFTER = 24 * 3600.0

_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-RequestId", "X-Amzn-Trace-Id", "CF-Ray")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class AnswerTooLarge(OSError):
    """The response body was larger than MAX_RESPONSE_BYTES."""


class AnswerTooSlow(OSError):
    """The response body took longer than MAX_RESPONSE_SECONDS."""


@dataclass(frozen=True)
class ApiResponse:
    """A response that was read to its end. `data` is the JSON value.

    `is_json` is False for a body that is empty or not JSON; `data` is None then. `retry_after` is in seconds.
    """

    status: int
    data: Any
    is_json: bool
    retry_after: float | None = None
    request_id: str | None = None


def read_response(response: requests.Response) -> ApiResponse:
    """Read a streamed response to its end and close it.

    Raise AnswerTooLarge, AnswerTooSlow, or what the HTTP libraries raise when the connection breaks.
    """
    try:
        body = _read_body(response)
    finally:
        response.close()
    data, is_json = _decode(body)
    return ApiResponse(
        status=response.status_code,
        data=data,
        is_json=is_json,
        retry_after=_retry_after(response.headers.get("Retry-After")),
        request_id=_request_id(response.headers),
    )


def _read_body(response: requests.Response) -> bytes:
    chunks, size = [], 0
    started = time.monotonic()
    for chunk in _chunks(response):
        size += len(chunk)
        if size > MAX_RESPONSE_BYTES:
            raise AnswerTooLarge
        if time.monotonic() - started > MAX_RESPONSE_SECONDS:
            raise AnswerTooSlow
        chunks.append(chunk)
    return b"".join(chunks)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it arrives. requests' own iterator waits until a chunk is full, however long that takes."""
    raw = response.raw
    if not isinstance(raw, urllib3.HTTPResponse):  # from an adapter that is not urllib3's
        yield from response.iter_content(CHUNK_BYTES)
        return
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        yield chunk


def _decode(body: bytes) -> tuple[Any, bool]:
    """Return the JSON value of a body and whether it is valid JSON, which excludes NaN and infinity."""
    if not body.strip():
        return None, False
    try:
        data = json.loads(body, parse_constant=_reject_constant, parse_float=_finite_float)
        return (_replace_surrogates(data) if _SURROGATE.search(body) else data), True
    except (ValueError, RecursionError):
        return None, False


def _reject_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large for a float")
    return number


def _replace_surrogates(data: Any) -> Any:
    """Return the data with U+FFFD for lone surrogates, which databases and encoders reject."""
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_replace_surrogates(each) for each in data]
    if isinstance(data, dict):
        return {_replace_surrogates(name): _replace_surrogates(value) for name, value in data.items()}
    return data


def _retry_after(text: str | None) -> float | None:
    """Return the seconds in a Retry-After header: a number or an HTTP date (RFC 9110, section 10.2.3)."""
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (email.utils.parsedate_to_datetime(text) - dt.datetime.now(dt.UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _request_id(headers: Mapping[str, str]) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        cleaned = re.sub(r"[^A-Za-z0-9_.:=-]", "", headers.get(name, ""))[:100]
        if cleaned:
            return cleaned
    return None
