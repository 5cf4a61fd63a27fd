"""The call log: one row per API call, written when it has ended, without query values, headers, or bodies.

The rate limit doesn't depend on it. `permits` counts calls before they are sent.
"""

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Q, QuerySet

from integrations import total_expert
from integrations.connections.limits.permits import Permits
from integrations.connections.models import Budget, Call, Connection
from portal.core import clock

logger = logging.getLogger(__name__)

#: The id of the job that makes calls in this context.
_job: ContextVar[int | None] = ContextVar("job", default=None)
#: How long calls are kept.
RETENTION = dt.timedelta(days=15)
#: The most distinct failed calls that `group_errors` reads.
MAX_GROUPED = 5000
#: The most failed calls that `group_errors` reads.
MAX_FAILED = 50_000
_ID = re.compile(r"/(?:\d+|[0-9a-f]{16,})(?=/|$)")


@contextmanager
def attribute_to_job(job: int) -> Iterator[None]:
    """Attribute the calls made in this context to a job."""
    before = _job.set(job)
    try:
        yield
    finally:
        _job.reset(before)


def make_observer(connection: Connection, permits: Permits) -> Callable[[total_expert.Call], None]:
    """Return a hook for the API client of ``connection`` that records its calls."""

    def observe(call: total_expert.Call) -> None:
        permits.record_status(call.status, after=call.retry_after)
        try:
            with transaction.atomic():
                _write(connection, permits, call)
        except DatabaseError:  # the caller must get its response anyway
            logger.exception("A call of connection %s could not be written to the call log", connection.pk)

    return observe


def _write(connection: Connection, permits: Permits, call: total_expert.Call) -> None:
    Call.objects.create(
        at=clock.now(),
        connection_id=connection.pk,
        budget_id=permits.budget.pk,
        method=call.method[:6],
        path=call.path[:200],
        status=call.status,
        milliseconds=round(call.seconds * 1000),
        waited=round(call.waited * 1000),
        job=_job.get(),
        request_id=(call.request_id or "")[:100],
    )


def count_last_minute(budget: Budget) -> int:
    """Return how many calls of a budget ended within the last minute."""
    return Call.objects.filter(budget=budget, at__gt=clock.now() - dt.timedelta(minutes=1)).count()


def failed_calls() -> Q:
    """Return a filter for calls that got an error or no response. A 418 is Total Expert's answer to a valid token."""
    # the first condition is that of the index `call_failed`
    return (Q(status=None) | Q(status__gte=400)) & ~Q(status=418)


def path_pattern(path: str) -> str:
    """Return a path with its ids replaced by “…”, for grouping."""
    return _ID.sub("/…", path)


@dataclass
class ErrorGroup:
    """Failed calls with the same method, path pattern, and status."""

    method: str
    pattern: str
    status: int | None
    count: int
    latest: dt.datetime


def latest(calls: "QuerySet[Call]", count: int) -> "QuerySet[Call]":
    """Limit the calls of one connection to about the ``count`` latest ones, so that searching them takes bounded time."""
    oldest = calls.order_by("-pk").values_list("pk", flat=True)[count : count + 1].first()
    return calls if oldest is None else calls.filter(pk__gt=oldest)


def group_errors(calls: "QuerySet[Call]") -> list[ErrorGroup]:
    """Group the failed ones of one connection's ``calls`` by method, path pattern, and status, the latest group first.

    Of very many, only the `MAX_FAILED` latest are read.
    """
    rows = (
        latest(calls.filter(failed_calls()), MAX_FAILED)
        .order_by()
        .values("method", "path", "status")
        .annotate(count=Count("pk"), latest=Max("at"))
        .order_by("-latest")[:MAX_GROUPED]
    )
    groups: dict[tuple[str, str, int | None], ErrorGroup] = {}
    for row in rows:
        key = (row["method"], path_pattern(row["path"]), row["status"])
        group = groups.setdefault(key, ErrorGroup(*key, count=0, latest=row["latest"]))
        group.count += row["count"]
        group.latest = max(group.latest, row["latest"])
    return sorted(groups.values(), key=lambda group: group.latest, reverse=True)
