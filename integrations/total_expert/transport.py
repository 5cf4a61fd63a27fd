"""HTTP: sessions that only reach their environment, answers of bounded size, failures classified."""

import datetime as dt
import email.utils
import json
import math
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
import urllib3
import urllib3.exceptions
from requests.adapters import BaseAdapter, HTTPAdapter

from .environment import Environment
from .errors import AnswerLost, NotSent, Rejected, TotalExpertError
from .verdicts import Answer

#: Connect and read timeout in seconds.
TIMEOUT = (3.05, 30.0)
#: Seconds after which an answer that keeps trickling in, too slowly for TIMEOUT to notice, is given up.
LONGEST_ANSWER = 45.0
#: No answer is read beyond this; a page of 100 contacts is some 300 KB.
MOST_BYTES = 32 * 1024 * 1024
CHUNK = 64 * 1024
#: How many connections a session keeps open for its threads.
POOL = 32
#: A server that asks for more patience than this is not taken at its word.
LONGEST_RETRY_AFTER = 24 * 3600.0

#: What goes wrong on the wire, below and beside requests' own exceptions (which are OSErrors). A ValueError
#: is an address or a header that could not be written.
FAILURES = (OSError, HTTPException, urllib3.exceptions.HTTPError, ValueError)

#: What requests raises before it connects, which no repetition mends.
_UNUSABLE_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidURL,
)
_REQUEST_ID_HEADERS = ("X-Request-Id", "X-Correlation-Id", "X-Amzn-RequestId", "X-Amzn-Trace-Id", "CF-Ray")
Session = TypeVar("Session", bound=requests.Session)

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Unredirected:
    """For sessions that take no redirect for one. Told not to follow one, requests would still read its whole body."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere."""
        return None


class FencedSession(Unredirected, requests.Session):
    """A session for `prepare_session`."""


class Oversized(Exception):
    """An answer was longer than MOST_BYTES."""


class Trickling(OSError):
    """An answer took longer than LONGEST_ANSWER."""


def prepare_session(
    session: Session,
    environment: Environment,
    *,
    adapter: BaseAdapter | None = None,
    proxies: Mapping[str, str] | None = None,
) -> Session:
    """Fence a session in: it reaches the environment's host or nothing, keeps no cookies, reads no ~/.netrc.

    Proxies come from `proxies` alone, never from the environment variables.
    """
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.proxies = dict(proxies or {})
    session.adapters.clear()
    session.mount(f"{environment.origin}/", adapter or HTTPAdapter(pool_connections=1, pool_maxsize=POOL))
    return session


def read_answer(response: requests.Response) -> Answer:
    """Read a streamed response to its end. Raises Oversized, or one of FAILURES when it breaks off."""
    try:
        body = _read_bounded(response)
    finally:
        response.close()
    data, readable = _decode(body)
    return Answer(
        status=response.status_code,
        data=data,
        readable=readable,
        retry_after=_retry_after(response.headers.get("Retry-After")),
        request_id=_request_id(response.headers),
    )


def classify(error: BaseException, *, method: str, path: str) -> TotalExpertError:
    """The error that a failure means: NotSent or AnswerLost, depending on whether the request went out.

    Rejected where it could never go out as it is.
    """
    if isinstance(error, Oversized):
        return _too_large(method, path)
    if isinstance(error, UnicodeError | requests.exceptions.InvalidHeader):
        return Rejected(
            [
                "This request holds characters that can't be sent: a line break or the like in a token or "
                "an id."
            ],
            code="invalid_request",
            method=method,
            path=path,
        )
    if isinstance(error, _UNUSABLE_ADDRESS):
        return Rejected(
            [
                "Nothing was sent: the address of this request, or of the proxy for it, can't be used. Check the "
                "path and the client's proxies."
            ],
            code="invalid_request",
            method=method,
            path=path,
        )
    causes = list(_causes(error))
    if any(
        isinstance(cause, ssl.SSLCertVerificationError | urllib3.exceptions.ProxyError) for cause in causes
    ):
        return NotSent(
            "Total Expert can't be reached safely: its certificate or the proxy on the way was not "
            "accepted. Check "
            "the environment's address and the network.",
            code="not_secure",
            method=method,
            path=path,
        )
    never_sent = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        requests.exceptions.ConnectTimeout,
        ConnectionRefusedError,
    )
    if any(isinstance(cause, never_sent) for cause in causes):
        return NotSent(
            "Total Expert can't be reached: no connection could be made. Nothing was sent. Try again later.",
            method=method,
            path=path,
        )
    return AnswerLost(
        "The connection to Total Expert broke, or took too long, before the answer was complete."
        + ("" if method == "GET" else " The request may have taken effect: look before repeating."),
        method=method,
        path=path,
    )


def _too_large(method: str, path: str) -> TotalExpertError:
    size = f"more than {MOST_BYTES // 1024 // 1024} MiB"
    if method == "GET":
        return Rejected(
            [f"Total Expert's answer was {size} and was cut off. Ask for a smaller page."],
            code="too_large",
            method=method,
            path=path,
        )
    return AnswerLost(
        f"Total Expert's answer was {size} and was cut off. The request may have taken effect.",
        code="too_large",
        method=method,
        path=path,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it wraps: requests puts urllib3's into `args`, urllib3 into `reason`.

    Not `__context__`: that is also whatever the caller was handling when they called, which says nothing of
    this request.
    """
    pending, seen = [error], set[int]()
    while pending:
        cause = pending.pop()
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        wrapped = [cause.__cause__, getattr(cause, "reason", None), *cause.args]
        pending += [each for each in wrapped if isinstance(each, BaseException)]


def _read_bounded(response: requests.Response) -> bytes:
    chunks, size = [], 0
    began = time.monotonic()
    for chunk in _chunks(response):
        size += len(chunk)
        if size > MOST_BYTES:
            raise Oversized
        if time.monotonic() - began > LONGEST_ANSWER:
            raise Trickling
        chunks.append(chunk)
    return b"".join(chunks)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes in: requests itself waits until a chunk is full, however slowly it fills."""
    raw = response.raw
    if not isinstance(raw, urllib3.HTTPResponse):  # an adapter of somebody's own
        yield from response.iter_content(CHUNK)
        return
    while chunk := raw.read1(CHUNK, decode_content=True):
        yield chunk


def _decode(body: bytes) -> tuple[Any, bool]:
    """The JSON value of a body, and whether it is one: no NaN, no infinity, no half of a character pair."""
    if not body.strip():
        return None, False
    try:
        data = json.loads(body, parse_constant=_refuse, parse_float=_finite)
        return (_mend(data) if _SURROGATE.search(body) else data), True
    except (ValueError, RecursionError):
        return None, False


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number beyond float")
    return number


def _mend(data: Any) -> Any:
    """Replace lone surrogates, which no database or encoder takes."""
    if isinstance(data, str):
        return data.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(data, list):
        return [_mend(each) for each in data]
    if isinstance(data, dict):
        return {_mend(name): _mend(value) for name, value in data.items()}
    return data


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait by a Retry-After header: a number, or a date of HTTP. None when it says neither."""
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
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def _request_id(headers: Mapping[str, str]) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        cleaned = re.sub(r"[^A-Za-z0-9_.:=-]", "", headers.get(name, ""))[:100]
        if cleaned:
            return cleaned
    return None
