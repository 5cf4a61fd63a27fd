"""Reading responses: limits on their size, JSON, and the headers that matter. `deadline` limits the time."""

import datetime as dt
import email.utils
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

#: The largest response body, in bytes after decompression. A page of 100 contacts has about 300 KB.
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
#: The most values in a body, counted before it is parsed: as an object, two bytes become 64 and more. A page of 100
#: contacts has about 10,000.
MAX_VALUES = 500_000
#: A number with more digits stays text. It is no id, and Python refuses to convert very long ones.
MAX_DIGITS = 100
CHUNK_BYTES = 64 * 1024
#: The longest Retry-After that is believed, in seconds.
MAX_RETRY_AFTER = 24 * 3600.0
#: A longer header is not read.
MAX_HEADER_LENGTH = 200

_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-RequestId", "X-Amzn-Trace-Id", "CF-Ray")
_REQUEST_ID_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:=-")


class AnswerTooLarge(OSError):
    """The response body was larger than MAX_RESPONSE_BYTES, or has more values than MAX_VALUES."""


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

    Raise AnswerTooLarge, or what the HTTP libraries raise when the connection breaks or the deadline passes.
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
        retry_after=_retry_after(response.headers),
        request_id=_request_id(response.headers),
    )


def _read_body(response: requests.Response) -> bytearray:
    body = bytearray()
    for chunk in _chunks(response):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            raise AnswerTooLarge
    return body


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it arrives. requests' own iterator waits until a chunk is full, however long that takes."""
    raw = response.raw
    if not isinstance(raw, urllib3.HTTPResponse):  # from an adapter that is not urllib3's
        yield from response.iter_content(CHUNK_BYTES)
        return
    while chunk := raw.read1(CHUNK_BYTES, decode_content=True):
        yield chunk


def _decode(body: bytearray) -> tuple[Any, bool]:
    """Return the JSON value of a body and whether it is valid JSON, which excludes NaN and infinity.

    Raise AnswerTooLarge if it has too many values.
    """
    if not body.strip():
        return None, False
    # Each value follows one of these or a colon. Those inside texts are counted as well.
    if sum(map(body.count, (b"{", b"[", b","))) > MAX_VALUES:
        raise AnswerTooLarge
    try:
        data = json.loads(
            body, parse_constant=_reject_constant, parse_float=_finite_float, parse_int=_short_integer
        )
        has_surrogates = b"\\ud" in body or b"\\uD" in body
        return (_replace_surrogates(data) if has_surrogates else data), True
    except (ValueError, RecursionError):
        return None, False


def _reject_constant(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite_float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number too large for a float")
    return number


def _short_integer(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS else text


def _replace_surrogates(data: Any) -> Any:
    """Return the data with U+FFFD for lone surrogates, which databases and encoders reject."""
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_replace_surrogates(each) for each in data]
    if isinstance(data, dict):
        return {_replace_surrogates(name): _replace_surrogates(value) for name, value in data.items()}
    return data


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds in a Retry-After header: a number or an HTTP date (RFC 9110, section 10.2.3).

    A date is measured by the response's own Date, since clocks differ. Return None for what is no wait: 0, or a time
    in the past. The caller's own backoff decides then.
    """
    text = headers.get("Retry-After", "")[:MAX_HEADER_LENGTH]
    try:
        seconds = float(text)
    except ValueError:
        at = _http_date(text)
        now = _http_date(headers.get("Date", "")) or dt.datetime.now(dt.UTC)
        seconds = (at - now).total_seconds() if at else 0.0
    return min(seconds, MAX_RETRY_AFTER) if math.isfinite(seconds) and seconds > 0 else None


def _http_date(text: str) -> dt.datetime | None:
    """Return the time in a header, or None if it isn't a date."""
    try:
        at = email.utils.parsedate_to_datetime(text[:MAX_HEADER_LENGTH])
        return at.astimezone(dt.UTC) if at.tzinfo else at.replace(tzinfo=dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _request_id(headers: Mapping[str, str]) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        text = headers.get(name, "")[:MAX_HEADER_LENGTH]
        cleaned = "".join(char for char in text if char in _REQUEST_ID_CHARACTERS)[:100]
        if cleaned:
            return cleaned
    return None
