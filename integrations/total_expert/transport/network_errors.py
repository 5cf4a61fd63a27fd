"""Which of the three errors a failed exchange becomes: was the request sent, or not?"""

import ssl
from collections.abc import Iterator
from http.client import HTTPException

import requests
import urllib3.exceptions

from ..errors import AnswerLost, NotSent, Rejected, TotalExpertError
from .responses import AnswerTooLarge

#: What the HTTP libraries raise during an exchange. The exceptions of requests are OSErrors; a ValueError means that
#: a URL or header could not be written.
NETWORK_ERRORS = (OSError, HTTPException, urllib3.exceptions.HTTPError, ValueError)

_UNUSABLE_URL = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidURL,
)
_NOT_SECURE = (ssl.SSLCertVerificationError, urllib3.exceptions.ProxyError)
_NOT_CONNECTED = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    requests.exceptions.ConnectTimeout,
    ConnectionRefusedError,
)


def error_for_exception(error: BaseException, *, method: str, path: str) -> TotalExpertError:
    """Return the error for one of NETWORK_ERRORS.

    It is AnswerLost if the request may have been sent, NotSent if it was not, and Rejected if it can never be sent.
    """
    if isinstance(error, AnswerTooLarge):
        return too_large(method, path)
    if isinstance(error, UnicodeError | requests.exceptions.InvalidHeader):
        return _invalid_request(
            "This request contains characters that can't be sent, such as a line break in a token or an id.",
            method,
            path,
        )
    if isinstance(error, _UNUSABLE_URL):
        return _invalid_request(
            "Nothing was sent: the URL of this request or of its proxy is unusable. Check the path and the proxies.",
            method,
            path,
        )
    causes = list(_causes(error))
    if any(isinstance(cause, _NOT_SECURE) for cause in causes):
        return NotSent(
            "There is no secure connection to Total Expert: its certificate or the proxy was not accepted. Check the "
            "environment's URL and the network.",
            code="not_secure",
            method=method,
            path=path,
        )
    if any(isinstance(cause, _NOT_CONNECTED) for cause in causes):
        return NotSent(
            "Can't connect to Total Expert. Nothing was sent. Try again later.", method=method, path=path
        )
    return AnswerLost(
        "The connection to Total Expert broke or timed out before the response was complete."
        + ("" if method == "GET" else " The request may have taken effect. Check before you repeat it."),
        method=method,
        path=path,
    )


def _invalid_request(reason: str, method: str, path: str) -> Rejected:
    return Rejected([reason], code="invalid_request", method=method, path=path)


def too_large(method: str, path: str) -> TotalExpertError:
    """Return the error for a response with too many bytes or values."""
    if method == "GET":
        return Rejected(
            ["Total Expert's response was too large and was not read. Request a smaller page."],
            code="too_large",
            method=method,
            path=path,
        )
    return AnswerLost(
        "Total Expert's response was too large and was not read. The request may have taken effect.",
        code="too_large",
        method=method,
        path=path,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and everything it wraps. requests wraps urllib3's errors in `args`, urllib3 in `reason`.

    `__context__` is left out: it may be an unrelated error that the caller was handling during the call.
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
