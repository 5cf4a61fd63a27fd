"""Answer a form whose CSRF token doesn't match: signing in or out in another tab replaces the token."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.csrf import csrf_failure

#: Pages whose form a person no longer needs once they are signed in. Opening them leads on.
BEFORE_SIGN_IN = frozenset(
    {
        "account_login",
        "account_request_login_code",
        "account_confirm_login_code",
        "account_signup",
        "mfa_authenticate",
        "invitation",
    }
)


def refuse(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show the error page, or lead on a person who has signed in in another tab meanwhile."""
    match = request.resolver_match
    if request.user.is_authenticated and match is not None and match.url_name in BEFORE_SIGN_IN:
        return redirect(request.get_full_path())
    return csrf_failure(request, reason=reason)
