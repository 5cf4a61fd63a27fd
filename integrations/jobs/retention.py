"""What is kept how long: regular work that deletes what nobody will ask for, a bounded number of rows at a time."""

import datetime as dt

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, models
from django.utils import timezone

from integrations.connections.models import ConsentAttempt, TokenRequest
from integrations.jobs.models import ACTIVE, Job
from portal import clock

NAME = "jobs.retention"
EVERY = dt.timedelta(hours=1)
JOBS = dt.timedelta(days=90)
TOKEN_REQUESTS = CONSENT_ATTEMPTS = dt.timedelta(days=30)
#: Rows of one kind that are deleted at a time.
AT_ONCE = 2000


def forget_the_old() -> None:
    """Delete ended jobs with their lines, token requests, ways to consent and sessions that are past their time."""
    at = clock.now()
    _delete(Job.objects.exclude(state__in=ACTIVE).filter(finished_at__lt=at - JOBS))
    _delete(TokenRequest.objects.filter(at__lt=at - TOKEN_REQUESTS))
    _delete(ConsentAttempt.objects.filter(created_at__lt=at - CONSENT_ATTEMPTS))
    _forget_expired_counts()
    _delete(Session.objects.filter(expire_date__lt=timezone.now()))


def _forget_expired_counts() -> None:
    """Entries of the cache in the database whose time is over; the cache itself would drop any, not the oldest."""
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        now = connection.ops.adapt_datetimefield_value(timezone.now().replace(microsecond=0))
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 - the name is a setting


def _delete(rows: models.QuerySet[models.Model]) -> None:
    keys = list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE])
    rows.model._default_manager.filter(pk__in=keys).delete()
