"""Rate limits of the portal's own screens, counted where allauth counts its own (``ACCOUNT_RATE_LIMITS``)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse

from portal.accounts import allauth_internals

View = Callable[..., HttpResponse]


def limited(action: str, *, limit_get: bool = False) -> Callable[[View], View]:
    """Answer 429 to whoever does ``action`` more often than its rate allows. GET counts only when told so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = allauth_internals.too_many_requests(request, action, limit_get=limit_get)
            return response if response is not None else view(request, *args, **kwargs)

        return guarded

    return decorate
