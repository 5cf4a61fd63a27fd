"""Notes when a session was last used, for the list of sessions: every ten minutes at most, not at every click.

The stamp is in allauth's row about the session, not in the session: writing that would renew it, and could overwrite
what another request has just put there.
"""

import datetime as dt
from collections.abc import Callable

from allauth.usersessions.models import UserSession
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

EVERY = dt.timedelta(minutes=10)


class SessionActivityMiddleware:
    """Middleware: moves ``last_seen_at`` of the session that a request comes in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            # allauth's own clock, as for created_at
            now = timezone.now()
            stale = UserSession.objects.filter(
                session_key=request.session.session_key, user=request.user, last_seen_at__lt=now - EVERY
            )
            # looked for first: on SQLite an update that changes nothing waits for its turn to write all the same
            if stale.exists():
                stale.update(last_seen_at=now)
        return self.get_response(request)
