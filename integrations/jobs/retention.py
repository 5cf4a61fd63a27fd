"""What is kept how long: regular work that deletes what nobody will ask for, a bounded number of rows at a time."""

import datetime as dt

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from integrations.connections import call_log
from integrations.connections.models import Call, ConsentAttempt, Notice, TokenDemand, TokenRequest
from integrations.jobs.models import ACTIVE, Job
from portal.core import clock

NAME = "jobs.retention"
EVERY = dt.timedelta(hours=1)
JOBS = NOTICES = dt.timedelta(days=90)
TOKEN_REQUESTS = CONSENT_ATTEMPTS = dt.timedelta(days=30)
#: A place in the queue for tokens is kept so long for who did not come when it was their turn.
DEMANDS = dt.timedelta(days=1)
#: Rows of one kind that are deleted at a time.
AT_ONCE = 2000
#: Calls come by the million, at most 1,000 a minute and address: so they go more often, and more of them.
CALLS_NAME, CALLS_EVERY, CALLS_AT_ONCE = "jobs.retention.calls", dt.timedelta(minutes=5), 20_000


def forget_the_old() -> None:
    """Delete ended jobs with their lines, notices, token requests, places in the queue that nobody came back to, ways to
    consent and sessions that are past their time.
    """
    at = clock.now()
    _delete(Job.objects.exclude(state__in=ACTIVE).filter(finished_at__lt=at - JOBS))
    _delete(Notice.objects.filter(created_at__lt=at - NOTICES))
    _delete(TokenRequest.objects.filter(at__lt=at - TOKEN_REQUESTS))
    _delete(TokenDemand.objects.filter(expected_at__lt=at - DEMANDS))
    _delete(ConsentAttempt.objects.filter(created_at__lt=at - CONSENT_ATTEMPTS))
    _forget_expired_counts()
    _delete(Session.objects.filter(expire_date__lt=timezone.now()))


def forget_old_calls() -> None:
    """Delete the calls that are past their time from the call log, the oldest first."""
    old = Call.objects.filter(at__lt=clock.now() - call_log.KEPT)
    beyond = old.order_by("at").values_list("at", flat=True)[CALLS_AT_ONCE : CALLS_AT_ONCE + 1].first()
    (old if beyond is None else old.filter(at__lt=beyond)).delete()


def _forget_expired_counts() -> None:
    """Entries of the cache in the database whose time is over; the cache itself would drop any, not the oldest."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is a setting


def _delete(rows: models.QuerySet[models.Model]) -> None:
    keys = list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE])
    rows.model._default_manager.filter(pk__in=keys).delete()
