"""A requests adapter that calls a WSGI application in this process, as if it stood behind any address it is
mounted on.

    session.mount("https://sandbox.example", WSGIAdapter(application))

What would happen to the connection happens to the caller: an application that raises a `ConnectionError`
becomes `requests.ConnectionError`; one that waits longer than the read timeout becomes
`requests.ReadTimeout`, at once, and what was asked still takes effect, as it would on a server.
"""

import io
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit
from wsgiref.types import WSGIApplication

import requests
from requests.adapters import BaseAdapter
from requests.cookies import extract_cookies_to_jar
from urllib3 import HTTPHeaderDict, HTTPResponse


class WSGIAdapter(BaseAdapter):
    """Sends prepared requests to an application; any number of threads may use one adapter."""

    def __init__(self, app: WSGIApplication, remote_addr: str = "127.0.0.1") -> None:
        super().__init__()
        self.app = app
        self._remote_addr = remote_addr
        #: Called with the seconds that the application wants to wait before it answers.
        self.sleep: Callable[[float], object] = time.sleep

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float | None, float | None] | None = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Call the application and wait no longer than the read timeout."""
        patience = _Patience(timeout[1] if isinstance(timeout, tuple) else timeout, self.sleep)
        environ = _environ(request, self._remote_addr)
        environ["sandbox.sleep"] = patience.wait
        started: dict[str, Any] = {}

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started.update(status=status, headers=headers)
            return io.BytesIO().write

        try:
            content = b"".join(self.app(environ, start_response))
        except ConnectionError as error:
            if patience.is_over:
                raise requests.ReadTimeout("Read timed out.", request=request) from None
            raise requests.ConnectionError(
                "Connection aborted: remote end closed it", request=request
            ) from error
        if patience.is_over:
            raise requests.ReadTimeout("Read timed out.", request=request)
        return _response(request, self, started["status"], started["headers"], content)

    def close(self) -> None:
        """Nothing is held open."""


class _Patience:
    """How long the caller is still ready to wait for an answer."""

    def __init__(self, seconds: float | None, sleep: Callable[[float], object]) -> None:
        self._sleep = sleep
        self._left = float("inf") if seconds is None else seconds
        self.is_over = False

    def wait(self, seconds: float) -> None:
        """Sleep, unless the caller would have given up by then."""
        self._left -= seconds
        if self._left <= 0:
            self.is_over = True
        if not self.is_over:
            self._sleep(seconds)


def _environ(request: requests.PreparedRequest, remote_addr: str) -> dict[str, Any]:
    url = urlsplit(request.url or "")
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b"".join(body)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method or "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(url.path or "/").decode("latin-1"),
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": remote_addr,
        "HTTP_HOST": url.netloc.rpartition("@")[2],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        environ["HTTP_" + name.upper().replace("-", "_")] = _text(value)
    environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
    environ.pop("HTTP_CONTENT_LENGTH", None)
    environ["CONTENT_LENGTH"] = str(len(content))
    return environ


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


class _OriginalResponse:
    """What requests reads cookies from."""

    def __init__(self, headers: HTTPHeaderDict) -> None:
        self.msg = _Message(headers)

    def isclosed(self) -> bool:
        """The whole answer is here already."""
        return True

    def close(self) -> None:
        """There is nothing to close."""


class _Message:
    def __init__(self, headers: HTTPHeaderDict) -> None:
        self._headers = headers

    def get_all(self, name: str, default: Any = None) -> Any:
        return self._headers.getlist(name) or default


def _response(
    request: requests.PreparedRequest,
    adapter: WSGIAdapter,
    status: str,
    headers: list[tuple[str, str]],
    content: bytes,
) -> requests.Response:
    code, _, reason = status.partition(" ")
    found = HTTPHeaderDict()
    for name, value in headers:
        found.add(name, value)
    raw = HTTPResponse(
        body=io.BytesIO(content if request.method != "HEAD" else b""),
        headers=found,
        status=int(code),
        reason=reason,
        preload_content=False,
        request_method=request.method,
        original_response=_OriginalResponse(found),  # type: ignore[arg-type]
    )
    response = requests.Response()
    response.status_code = int(code)
    response.reason = reason
    response.headers = requests.structures.CaseInsensitiveDict(found)
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.raw = raw
    response.url = request.url or ""
    response.request = request
    response.connection = adapter  # type: ignore[attr-defined,assignment,unused-ignore]
    extract_cookies_to_jar(response.cookies, request, raw)  # type: ignore[no-untyped-call]
    return response
