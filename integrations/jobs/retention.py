"""Periodic tasks that delete rows after their retention period, a bounded number at a time."""

import datetime as dt
import time
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from integrations.connections import call_log, call_partitions
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
#: Anyone can leave sessions and rate limits, and there are millions of calls (up to 1,000 a minute per outbound IP
#: address). So they are deleted often and until none are left, each kind for at most so many seconds per run.
SWEEP_EVERY, SWEEP_SECONDS = dt.timedelta(minutes=1), 3.0
SHORT_LIVED_NAME, CALLS_NAME = "jobs.retention.short_lived", "jobs.retention.calls"


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
    """Delete old calls from the call log until none are left or time is up, oldest first, in short transactions.

    On PostgreSQL whole days are dropped, and only calls that are in no day's partition are deleted.
    """
    at = clock.now()
    expired = at - call_log.RETENTION
    call_partitions.drop_before(expired)
    _delete_all(Call.objects.filter(at__lt=call_partitions.start_of_kept(expired)).order_by("at"))
    call_partitions.create_ahead(at)


def _delete_expired_cache_entries() -> None:
    """Delete expired entries of the database cache. The cache itself deletes arbitrary ones when it is full."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is a setting


def _delete_all(rows: models.QuerySet[Any]) -> None:
    """Delete ``rows`` batch by batch, in their order, until none are left, or for `SWEEP_SECONDS`."""
    until = time.monotonic() + SWEEP_SECONDS
    while _delete(rows) == BATCH and time.monotonic() < until:
        pass


def _delete(rows: models.QuerySet[Any]) -> int:
    """Delete one batch of ``rows`` and return how many it had."""
    keys = list(rows.values_list("pk", flat=True)[:BATCH])
    rows.model._default_manager.filter(pk__in=keys).delete()
    return len(keys)
