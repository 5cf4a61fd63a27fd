"""Email people when they sign in with a browser for the first time.

A signed cookie remembers which users have signed in with a browser. The server stores nothing about it.
"""

import datetime as dt

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from portal.accounts import user_agents
from portal.accounts.models import User
from portal.core import clock, times

COOKIE = "portal_devices"
SALT = "portal.devices"
#: The longest lifetime that browsers accept for a cookie, in seconds.
MAX_AGE = 400 * 24 * 3600
#: Users remembered in one browser. Beyond that, the least recent one is forgotten.
MAX_USERS = 20


def known_user_ids(request: HttpRequest) -> list[int]:
    """Return the ids of users who have signed in with this browser, the latest last.

    Return none if the cookie is missing, expired or altered.
    """
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=MAX_AGE)
    except signing.BadSignature:
        return []
    return [int(pk) for pk in found]


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Set the cookie so that this browser is known for ``user``."""
    others = [pk for pk in known_user_ids(request) if pk != user.pk][1 - MAX_USERS :]
    response.set_cookie(
        COOKIE,
        signing.dumps([*others, user.pk], salt=SALT),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def send_alert(request: HttpRequest, user: User) -> None:
    """Email ``user`` that they signed in with a new browser. A failing mail server doesn't stop the sign-in."""
    adapter = get_adapter()
    context = {
        "browser": user_agents.browser_name(request.headers.get("User-Agent", "")),
        "address": adapter.get_client_ip(request),
        "time": times.exact(clock.now(), dt.UTC),
        "sessions_url": settings.PORTAL_URL + reverse("sessions"),
    }
    adapter.send_notification_mail("account/email/new_device", user, context, email=user.email)
