"""Periodic tasks that delete rows after their retention period, a bounded number at a time."""

import datetime as dt
import time

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from integrations.connections import call_log
from integrations.connections.models import Call, ConsentAttempt, Notice, TokenDemand, TokenRequest
from integrations.jobs.models import ACTIVE, Job
from portal.core import clock, daily_limits

NAME = "jobs.retention"
EVERY = dt.timedelta(hours=1)
JOBS = NOTICES = dt.timedelta(days=90)
TOKEN_REQUESTS = CONSENT_ATTEMPTS = dt.timedelta(days=30)
#: How long a place in the token queue is kept after a turn that was not used.
DEMANDS = dt.timedelta(days=1)
#: Rows of one kind to delete per run.
BATCH = 2000
#: Anyone can leave sessions and rate limits, so they are deleted often, and until none is left. One kind takes so many
#: seconds at most.
SHORT_LIVED_NAME, SHORT_LIVED_EVERY, SWEEP_SECONDS = (
    "jobs.retention.short_lived",
    dt.timedelta(minutes=5),
    20.0,
)
#: There are millions of calls (up to 1,000 a minute per outbound IP address), so delete them more often and more at once.
CALLS_NAME, CALLS_EVERY, CALLS_BATCH = "jobs.retention.calls", dt.timedelta(minutes=5), 20_000


def delete_expired_rows() -> None:
    """Delete old jobs, notices, token requests, unused places in the token queue and consent attempts."""
    at = clock.now()
    _delete(Job.objects.exclude(state__in=ACTIVE).filter(finished_at__lt=at - JOBS))
    _delete(Notice.objects.filter(created_at__lt=at - NOTICES))
    _delete(TokenRequest.objects.filter(at__lt=at - TOKEN_REQUESTS))
    _delete(TokenDemand.objects.filter(expected_at__lt=at - DEMANDS))
    _delete(ConsentAttempt.objects.filter(created_at__lt=at - CONSENT_ATTEMPTS))


def delete_short_lived_rows() -> None:
    """Delete all that visitors leave: expired sessions and rate limits, and yesterday's counts."""
    at = timezone.now()
    _delete_all(Session.objects.filter(expire_date__lt=at))
    _delete_all(
        UserSession.objects.filter(last_seen_at__lt=at - dt.timedelta(seconds=settings.SESSION_COOKIE_AGE))
    )
    _delete_expired_cache_entries()
    daily_limits.delete_old()


def delete_old_calls() -> None:
    """Delete old calls from the call log, oldest first."""
    old = Call.objects.filter(at__lt=clock.now() - call_log.RETENTION)
    beyond = old.order_by("at").values_list("at", flat=True)[CALLS_BATCH : CALLS_BATCH + 1].first()
    (old if beyond is None else old.filter(at__lt=beyond)).delete()


def _delete_expired_cache_entries() -> None:
    """Delete expired entries of the database cache. The cache itself deletes arbitrary ones when it is full."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is a setting


def _delete_all(rows: models.QuerySet[models.Model]) -> None:
    """Delete ``rows`` batch by batch until none is left, or for `SWEEP_SECONDS`."""
    until = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < until:
        if _delete(rows) < BATCH:
            return


def _delete(rows: models.QuerySet[models.Model]) -> int:
    """Delete one batch of ``rows`` and return how many it had."""
    keys = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)
