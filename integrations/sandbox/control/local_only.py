"""Restricts the control endpoints and the start page to this machine.

The sandbox listens on loopback, but a browser on this machine also runs pages of other sites. They could send requests
to the sandbox and, with a DNS name that points to 127.0.0.1, read the responses. The API itself stays open because
it needs tokens. The sign-in page, which lists users and passwords, may be linked from anywhere but must be opened by a
loopback address.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ..engine.errors import ApiError
from ..loopback import is_loopback_url


class LocalOnlyMiddleware:
    """WSGI middleware that responds 403 to other hosts and origins, except for the API."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = str(environ.get("PATH_INFO", "")).strip("/")
        is_api = name.startswith("v1") and name != "v1/authorize"
        is_allowed = is_api or (
            _is_local(f"//{environ.get('HTTP_HOST', '')}")
            and (name == "v1/authorize" or _is_same_site(environ) or _is_link_to_start_page(environ, name))
        )
        if is_allowed:
            return self.application(environ, start_response)
        error = ApiError(
            403,
            "forbidden",
            "Only programs and pages on this machine may do this, at a loopback address such as 127.0.0.1",
        )
        return error.response().to_wsgi()(environ, start_response)


def _is_same_site(environ: WSGIEnvironment) -> bool:
    """Return whether the request comes from a program, which sends no origin, or from a page on this machine."""
    origin = environ.get("HTTP_ORIGIN")
    return (origin is None or _is_local(origin)) and environ.get("HTTP_SEC_FETCH_SITE") != "cross-site"


def _is_link_to_start_page(environ: WSGIEnvironment, name: str) -> bool:
    """Return whether a user follows a link to the start page. The linking page cannot read it."""
    is_navigation = environ.get("HTTP_SEC_FETCH_MODE") == "navigate" and "HTTP_ORIGIN" not in environ
    return not name and environ.get("REQUEST_METHOD") == "GET" and is_navigation


def _is_local(url: str) -> bool:
    try:
        return is_loopback_url(url)
    except ValueError:
        return False
