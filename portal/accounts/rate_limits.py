"""Rate limits of the portal's own screens, counted where allauth counts its own (``ACCOUNT_RATE_LIMITS``)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse

View = Callable[..., HttpResponse]


def limited(action: str, *, limit_get: bool = False) -> Callable[[View], View]:
    """Answer 429 to whoever does ``action`` more often than its rate allows. GET counts only when told so."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            refused: HttpResponse | None = ratelimit.consume_or_429(
                request, app="allauth.account", action=action, limit_get=limit_get
            )
            return refused if refused is not None else view(request, *args, **kwargs)

        return guarded

    return decorate
