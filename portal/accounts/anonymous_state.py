"""What a visitor brings back on their next request, in a signed cookie, so that anonymous visits store nothing here.

allauth keeps the challenge of a passkey and the state of a single sign-on in the session. Anyone can open those pages, so
each visit would write a session row.
"""

import hashlib
import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

View = Callable[..., HttpResponseBase]
#: Seconds that a visitor has to come back.
MAX_AGE = 10 * 60


def kept_in_cookie(key: str, *, cookie: str) -> Callable[[View], View]:
    """Decorate a sign-in page to keep its session key ``key`` in the cookie ``cookie`` while nobody is signed in.

    What the cookie holds can be used for one sign-in only.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated:
                return view(request, *args, **kwargs)
            brought = request.COOKIES.get(cookie, "")
            was_modified = request.session.modified
            value = _read(brought, salt=cookie)
            if value is not None:
                request.session[key] = value
            response = view(request, *args, **kwargs)
            if request.user.is_authenticated:
                request.session.pop(key, None)
                response.delete_cookie(cookie)
                if value is not None and not cache.add(_used(value), "used", timeout=MAX_AGE):
                    logout(request)
                    return redirect(settings.LOGIN_URL)
                return response
            left = request.session.pop(key, None)
            if request.session.is_empty():
                request.session.modified = was_modified
            if left:
                _write(response, cookie, left)
            elif brought:
                response.delete_cookie(cookie)
            return response

        return guarded

    return decorate


def _read(brought: str, *, salt: str) -> Any:
    """Return what a cookie holds, or None if it is missing, altered, too old, or was used to sign in before."""
    try:
        value = signing.loads(brought, salt=salt, max_age=MAX_AGE)
    except signing.BadSignature:
        return None
    return None if cache.get(_used(value)) else value


def _used(value: Any) -> str:
    """Return the cache key for a value that was used. A failed sign-in signs the same value again, with a later time."""
    return f"used-sign-in-state:{hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()}"


def _write(response: HttpResponseBase, cookie: str, value: Any) -> None:
    response.set_cookie(
        cookie,
        signing.dumps(value, salt=cookie),
        max_age=MAX_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
