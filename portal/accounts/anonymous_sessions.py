"""End sessions of visitors who don't sign in after an hour, so that anyone's requests fill the table only so far."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

#: How many seconds a session is kept before its visitor signs in: enough for a sign-in code and a sign-up.
MAX_AGE = 3600


class AnonymousSessionMiddleware:
    """Give sessions a short lifetime until someone signs in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        session = request.session
        if not session.modified or session.is_empty():
            return response
        is_short = session.get("_session_expiry") == MAX_AGE
        if request.user.is_authenticated and is_short:
            session.set_expiry(None)
        elif not request.user.is_authenticated and not is_short:
            session.set_expiry(MAX_AGE)
        return response
