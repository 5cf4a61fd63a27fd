"""Make operators set up a second factor before anything else."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from portal.accounts.models import User
from portal.accounts.second_factors import rules

#: The pages needed to set one up, and to sign out, and what they look like.
ALLOWED = frozenset(
    {
        "mfa_index",
        "mfa_list_webauthn",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "account_reauthenticate",
        "account_logout",
        "brand_colors",
        "brand_logo",
    }
)


class SecondFactorMiddleware:
    """Redirect users who have to set up a second factor to `mfa_index`, from every page but those in `ALLOWED`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.url_name in ALLOWED or not isinstance(request.user, User):
            return None
        if not rules.must_set_one_up(request.user):
            return None
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRedirect(reverse("mfa_index"))
        return redirect("mfa_index")
