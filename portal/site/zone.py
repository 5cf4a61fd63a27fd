"""The viewer's time zone: the browser tells it in a cookie, and pages show their times in it."""

import datetime as dt
import zoneinfo
from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

#: The name of an IANA time zone; `portal.js` sets it.
COOKIE = "portal_zone"


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def zone_of(request: HttpRequest) -> dt.tzinfo:
    """Return the time zone of the person looking, UTC where their browser has not told a known one."""
    name = request.COOKIES.get(COOKIE, "")
    return zoneinfo.ZoneInfo(name) if name in _known() else dt.UTC


class ViewerZoneMiddleware:
    """Middleware: draw the page in the viewer's time zone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(zone_of(request)):
            return self.get_response(request)
