"""Keeps the control endpoints and the start page for programs and people of this machine.

The sandbox listens on loopback, but a browser on this machine also runs pages of other sites: they may send requests
here, and by a name that leads to 127.0.0.1 even read the answers. The emulated API itself asks for tokens and stays open;
its consent page, which shows invented people with their passwords, is reached from anywhere but by this machine's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from ..engine.responses import Refusal
from ..webhooks.http_post import is_loopback


class OwnMachineOnly:
    """A WSGI middleware that refuses foreign hosts and origins, 403, where everything is open to whoever asks."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        name = str(environ.get("PATH_INFO", "")).strip("/")
        here = _is_here(f"//{environ.get('HTTP_HOST', '')}")
        is_api = name.startswith("v1") and name != "v1/authorize"
        if (
            is_api
            or (here and name == "v1/authorize")
            or (here and (_is_own(environ) or _follows_a_link(environ, name)))
        ):
            return self.application(environ, start_response)
        refusal = Refusal(
            403,
            "forbidden",
            "The sandbox is steered from this machine only: by its loopback address, not by a page",
        )
        return refusal.answer().response()(environ, start_response)


def _is_own(environ: WSGIEnvironment) -> bool:
    """Whether no page of another site asks. Programs send no origin."""
    origin = environ.get("HTTP_ORIGIN")
    return (origin is None or _is_here(origin)) and environ.get("HTTP_SEC_FETCH_SITE") != "cross-site"


def _follows_a_link(environ: WSGIEnvironment, name: str) -> bool:
    """Whether a person comes to the start page by a link elsewhere: the page that links cannot read it."""
    is_navigation = environ.get("HTTP_SEC_FETCH_MODE") == "navigate" and "HTTP_ORIGIN" not in environ
    return not name and environ.get("REQUEST_METHOD") == "GET" and is_navigation


def _is_here(address: str) -> bool:
    try:
        return is_loopback(urlsplit(address).hostname or "")
    except ValueError:
        return False
