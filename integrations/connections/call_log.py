"""The call log: every call is written down when it has ended, without what was asked or answered.

The count that limits calls does not depend on it: that is kept before a call is made, in the budget's row.
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

#: The job that calls are made for.
_job: ContextVar[int | None] = ContextVar("job", default=None)
RETENTION = dt.timedelta(days=15)
#: Calls that are looked at for the error groups of one connection.
MAX_GROUPED = 5000
_ID = re.compile(r"/(?:\d+|[0-9a-f]{16,})(?=/|$)")


@contextmanager
def attribute_to_job(job: int) -> Iterator[None]:
    """Calls that are made inside are noted as made for this job."""
    before = _job.set(job)
    try:
        yield
    finally:
        _job.reset(before)


def make_observer(connection: Connection, permits: Permits) -> Callable[[total_expert.Call], None]:
    """What a client of ``connection`` is given to tell about its calls."""

    def observe(call: total_expert.Call) -> None:
        permits.note(call.status, after=call.retry_after)
        try:
            with transaction.atomic():
                _write(connection, permits, call)
        except DatabaseError:  # the call was made: whoever made it must get its answer
            logger.exception("A call of connection %s was not written into the call log", connection.pk)

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
    """Calls of one budget that ended within the last minute."""
    return Call.objects.filter(budget=budget, at__gt=clock.now() - dt.timedelta(minutes=1)).count()


def failed_calls() -> Q:
    """Which calls got an error, or no answer. 418 is how the vendor says that a token is good."""
    return Q(status=None) | Q(status__gte=400) & ~Q(status=418)


def path_pattern(path: str) -> str:
    """A path with its ids taken out, by which calls are grouped."""
    return _ID.sub("/…", path)


@dataclass
class ErrorGroup:
    """Calls that failed alike."""

    method: str
    shape: str
    status: int | None
    count: int
    latest: dt.datetime


def group_errors(calls: "QuerySet[Call]") -> list[ErrorGroup]:
    """The failed ones of ``calls``, grouped by method, path without ids, and status; the latest group first."""
    rows = (
        calls.filter(failed_calls())
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
