"""Record when each session was last used, at most every ten minutes.

The time is stored in allauth's row about the session. Writing it to the session itself would extend the session, and
could overwrite what another request has just stored there.
"""

import datetime as dt
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

UPDATE_EVERY = dt.timedelta(minutes=10)


class SessionActivityMiddleware:
    """Update ``last_seen_at`` of the session that a request belongs to."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            # the machine's clock, which allauth uses for created_at, too
            now = timezone.now()
            stale = UserSession.objects.filter(
                session_key=request.session.session_key,
                user=request.user,
                last_seen_at__lt=now - UPDATE_EVERY,
            )
            # read first: on SQLite, even an update that matches no row waits for the write lock
            if stale.exists():
                stale.update(last_seen_at=now)
        return self.get_response(request)
