"""Require that people have signed in recently, before anything that could lock them out of their account."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.accounts import allauth_internals

View = Callable[..., HttpResponseBase]


def is_recent(request: HttpRequest) -> bool:
    """Return whether the user signed in or confirmed their identity in the last five minutes."""
    age = time.time() - allauth_internals.last_authenticated_at(request)
    return bool(age < app_settings.REAUTHENTICATION_TIMEOUT)


def require_recent_sign_in(view: View) -> View:
    """Make people sign in again if they have neither a password nor a second factor to confirm their identity with.

    For the views of allauth that ask everybody else for one of these: they let such people through.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated or is_recent(request):
            return view(request, *args, **kwargs)
        if get_adapter().get_reauthentication_methods(request.user):
            return view(request, *args, **kwargs)
        logout(request)
        messages.info(request, "To continue, sign in again. We'll email you a code.")
        return redirect(f"{reverse('account_request_login_code')}?{urlencode({'next': request.path})}")

    return guarded


def require_confirmation(view: View) -> View:
    """Make people confirm their identity first, unless they did so in the last five minutes.

    A form sent before that is discarded and has to be filled in again: it may contain a password.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not is_recent(request):
            methods = get_adapter().get_reauthentication_methods(request.user)
            if methods:
                return redirect(f"{methods[0]['url']}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return require_recent_sign_in(guarded)
