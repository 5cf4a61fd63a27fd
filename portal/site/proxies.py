"""Refuse requests whose client address the trusted proxies don't tell."""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.template.loader import render_to_string

from portal.accounts.client_address import client_address

logger = logging.getLogger(__name__)
#: Seconds between two lines of the log about this, in each process. Anyone can send such requests.
LOG_EVERY = 60.0
PROBLEM = (
    "The X-Forwarded-For header of this request doesn't contain the client's IP address. "
    "Check the proxy and the setting TRUSTED_PROXIES."
)


class ForwardedForMiddleware:
    """Middleware: behind trusted proxies, answer 400 to requests without a valid ``X-Forwarded-For`` header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response
        self._lock = threading.Lock()
        self._silent_until = 0.0

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.ALLAUTH_TRUSTED_PROXY_COUNT or client_address(request) is not None:
            return self._get_response(request)
        if self._may_log():
            logger.warning("Answered 400: %s", PROBLEM)
        response = HttpResponseBadRequest(render_to_string("400.html", {"problem": PROBLEM}))
        response._has_been_logged = True  # type: ignore[attr-defined]  # Django would log every one
        return response

    def _may_log(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._silent_until:
                return False
            self._silent_until = now + LOG_EVERY
            return True
