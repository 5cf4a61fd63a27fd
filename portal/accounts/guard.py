"""Decorators for views: signed-in users only, or operators only."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from portal.accounts.models import User

View = Callable[..., HttpResponseBase]


def signed_in(view: View) -> View:
    """Allow signed-in users. The view must show each of them only what is theirs."""
    return login_required(view)


def operators_only(view: View) -> View:
    """Allow operators. Respond with 404 to everybody else who is signed in."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not getattr(request.user, "is_operator", False):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def current_user(request: HttpRequest) -> User:
    """Return the signed-in user."""
    assert isinstance(request.user, User)
    return request.user
