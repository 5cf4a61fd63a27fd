"""Browsers in which a person has signed in before: a new one is told by mail, once.

The browser itself remembers, in a signed cookie of ids; nothing is stored about it here.
"""

import datetime as dt

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from portal.accounts import browsers
from portal.accounts.models import User
from portal.core import clock, times

COOKIE = "portal_devices"
SALT = "portal.devices"
#: What browsers keep at most.
SECONDS = 400 * 24 * 3600
#: People who share one browser; the one who has not been there for longest is forgotten first.
PEOPLE = 20


def known_people(request: HttpRequest) -> list[int]:
    """The ids of those who have signed in in this browser, the latest last. Empty where the cookie was tampered with."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
    except signing.BadSignature:
        return []
    return [int(pk) for pk in found]


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser know ``user`` from now on."""
    people = [pk for pk in known_people(request) if pk != user.pk][1 - PEOPLE :]
    response.set_cookie(
        COOKIE,
        signing.dumps([*people, user.pk], salt=SALT),
        max_age=SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def tell(request: HttpRequest, user: User) -> None:
    """Mail ``user`` that they signed in in a new browser. A mail server that refuses does not stop the sign-in."""
    adapter = get_adapter()
    context = {
        "browser": browsers.name(request.headers.get("User-Agent", "")),
        "address": adapter.get_client_ip(request),
        "time": times.exact(clock.now(), dt.UTC),
        "portal": settings.PORTAL_URL,
    }
    adapter.send_notification_mail("account/email/new_device", user, context, email=user.email)
