"""Who may open a page: people who have signed in, and operators."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse

from portal.accounts.models import User

View = Callable[..., HttpResponse]


def signed_in(view: View) -> View:
    """A screen for everybody who has signed in; it shows each only what is theirs."""
    return login_required(view)


def operators_only(view: View) -> View:
    """A screen of the partner's own: for everybody else the address does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not getattr(request.user, "is_operator", False):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def current_user(request: HttpRequest) -> User:
    """Whoever is signed in, as our own user."""
    assert isinstance(request.user, User)
    return request.user
