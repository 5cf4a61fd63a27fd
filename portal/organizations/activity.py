"""Notes when a session was last used, for the list of sessions: every ten minutes at most, not at every click."""

import time
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

KEY = "seen"
SECONDS = 600


class SessionActivity:
    """Middleware: moves ``last_seen_at`` of the session that a request comes in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and time.time() - request.session.get(KEY, 0) > SECONDS:
            request.session[KEY] = int(time.time())
            rows = UserSession.objects.filter(session_key=request.session.session_key, user=request.user)
            # allauth's own clock, as for created_at
            rows.update(last_seen_at=timezone.now())
        return self.get_response(request)
