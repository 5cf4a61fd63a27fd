"""Whether a person proved recently that it is them: asked before anything that could lock them out."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from portal.accounts import allauth_internals

View = Callable[..., HttpResponse]


def is_fresh(request: HttpRequest) -> bool:
    """Whether this session began, or was confirmed, as recently as allauth asks for: within five minutes."""
    age = time.time() - allauth_internals.last_authenticated_at(request)
    return bool(age < app_settings.REAUTHENTICATION_TIMEOUT)


def fresh_sign_in(view: View) -> View:
    """Send people who could not confirm themselves otherwise (no password, no second factor) to sign in again.

    For everybody else allauth's own decorator asks for a password or a factor; it lets these through.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated or is_fresh(request):
            return view(request, *args, **kwargs)
        if get_adapter().get_reauthentication_methods(request.user):
            return view(request, *args, **kwargs)
        logout(request)
        messages.info(request, "For this, sign in again first: a code comes by e-mail.")
        return redirect(f"{reverse('account_request_login_code')}?{urlencode({'next': request.path})}")

    return guarded


def confirmed(view: View) -> View:
    """A screen for people who proved within the last five minutes that it is them; others do so first.

    What somebody had sent is not kept meanwhile: it may hold a password.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated and not is_fresh(request):
            methods = get_adapter().get_reauthentication_methods(request.user)
            if methods:
                return redirect(f"{methods[0]['url']}?{urlencode({'next': request.path})}")
        return view(request, *args, **kwargs)

    return fresh_sign_in(guarded)
