"""What is kept how long: regular work that deletes what nobody will ask for, a bounded number of rows at a time."""

import datetime as dt

from django.contrib.sessions.models import Session
from django.db import models
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
    _delete(Session.objects.filter(expire_date__lt=timezone.now()))


def _delete(rows: models.QuerySet[models.Model]) -> None:
    keys = list(rows.order_by().values_list("pk", flat=True)[:AT_ONCE])
    rows.model._default_manager.filter(pk__in=keys).delete()
