"""Jobs that wait for tokens: wake them when their turn comes, drop their requests when they stop, renew access."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import Any

from integrations.connections.limits import backoff, forecast, permits
from integrations.connections.limits import queue as token_queue
from integrations.connections.models import Connection
from integrations.connections.notices import records
from integrations.connections.tokens import keep_alive, leases
from integrations.jobs import queue
from integrations.jobs.models import ACTIVE, Job, JobState
from integrations.jobs.run import Run
from portal.core import clock

logger = logging.getLogger(__name__)

RENEWAL_KIND = "connections.keep_alive"
#: How often to check whose turn it is, and how often to run the upkeep below.
TURN_CHECK_EVERY, UPKEEP_EVERY = dt.timedelta(seconds=5), dt.timedelta(minutes=5)
#: How long to wait after a failed renewal.
RETRY_AFTER = dt.timedelta(hours=1)


def on_ready(sender: object, *, connection: Connection, **_: Any) -> None:
    """Continue a connection's jobs now that it has a token or was resumed: an access token lasts only an hour."""
    queue.wake(connection)
    for expiring in keep_alive.find_due(Connection.objects.filter(pk=connection.pk)):
        queue.start(RENEWAL_KIND, connection=expiring)


def on_released(sender: object, **_: Any) -> None:
    """Continue the jobs that waited while all calls were stopped."""
    queue.wake_all(str(permits.CallsStopped()))


def on_stopped(sender: object, *, job: Job, **_: Any) -> None:
    """Drop the token requests of a stopped job's connection, unless another of its jobs needs them."""
    if job.connection_id is None:
        return
    others = Job.objects.filter(connection=job.connection_id, state__in=ACTIVE).exclude(pk=job.pk)
    if not others.exclude(state=JobState.PAUSED).exists():
        token_queue.withdraw(job.connection_id, token_queue.RENEWAL_PURPOSES)


def wake_ready_connections() -> None:
    """Continue the jobs of connections whose turn came earlier than announced because others left the queue.

    A turn that nobody uses, for example of a person who closed the browser, passes to the next one after a while.
    """
    for connection in Connection.objects.filter(pk__in=forecast.find_ready_connections()):
        queue.wake(connection)
        token_queue.mark_notified(connection.pk)


def resolve_lost_answers() -> None:
    """Record token requests whose process died before the answer arrived."""
    leases.close_abandoned_requests()


def report_expired_grants() -> None:
    """Notify people whose access has expired or will expire soon."""
    keep_alive.mark_expired()
    _for_each(keep_alive.find_expiring(), records.record_expiring)


def renew_expiring_grants() -> None:
    """Start a renewal for every grant that is due for one, except where it failed recently."""
    failed = Job.objects.filter(
        kind=RENEWAL_KIND, state=JobState.FAILED, finished_at__gt=clock.now() - RETRY_AFTER
    )
    skipped = set(failed.values_list("connection", flat=True))
    expiring = [connection for connection in keep_alive.find_due() if connection.pk not in skipped]
    _for_each(expiring, lambda connection: queue.start(RENEWAL_KIND, connection=connection))


def report_failing_connections() -> None:
    """Notify people whose token requests keep failing, and those whose requests succeed again."""
    _for_each(backoff.find_failing(clock.now()), records.record_failing)
    _for_each(records.find_recovered(), records.record_recovered)


def _for_each(connections: Iterable[Connection], action: Callable[[Connection], object]) -> None:
    """Apply ``action`` to each connection. An error with one is logged and does not affect the others."""
    for connection in connections:
        try:
            action(connection)
        except Exception:
            logger.exception("Upkeep of connection %s failed", connection.pk)


def advance(run: Run) -> bool:
    """Renew a grant with one token request, when its turn comes."""
    connection = run.job.connection
    assert connection is not None
    if keep_alive.renew(connection):
        run.log("Access was renewed for another 14 days.")
    return True
