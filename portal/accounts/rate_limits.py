"""Rate limits for the portal's own views, counted together with allauth's (``ACCOUNT_RATE_LIMITS``)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from portal.accounts import allauth_internals
from portal.core.errors import Refused

View = Callable[..., HttpResponseBase]


def limited(action: str, *, limit_get: bool = False) -> Callable[[View], View]:
    """Decorate a view to respond with 429 once the rate limit of ``action`` is exceeded.

    GET requests count only with ``limit_get``.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = allauth_internals.too_many_requests(request, action, limit_get=limit_get)
            return response if response is not None else view(request, *args, **kwargs)

        return guarded

    return decorate


def spend(request: HttpRequest, action: str) -> None:
    """Count one ``action`` of several in a request. Raise `Refused` when it is one more than its rate allows."""
    if not allauth_internals.is_within_rate_limit(request, action):
        raise Refused("You have done this too often. Wait a while, then try again.")
