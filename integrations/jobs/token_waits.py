"""Jobs and tokens: work is woken when its turn has come and leaves the queue when it ends; jobs keep grants alive."""

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from typing import Any

from integrations.connections.limits import backoff, ledger, permits
from integrations.connections.limits import queue as demands
from integrations.connections.models import Connection
from integrations.connections.notices import notices
from integrations.connections.tokens import access, keep_alive
from integrations.jobs import queue
from integrations.jobs.models import ACTIVE, Job
from integrations.jobs.run import Run
from portal.core import clock

logger = logging.getLogger(__name__)

KEEP_ALIVE = "connections.keep_alive"
#: How often it is looked whose turn has come, and which grants are to be kept alive.
OFTEN, NOW_AND_THEN = dt.timedelta(seconds=5), dt.timedelta(minutes=5)
#: A renewal that failed is tried again by itself after this.
AGAIN_AFTER = dt.timedelta(hours=1)


def on_ready(sender: object, *, connection: Connection, **_: Any) -> None:
    """A token is there, or a pause is over: all that waits for this connection runs before its hour is over."""
    queue.wake(connection)
    for ripe in keep_alive.ripe(Connection.objects.filter(pk=connection.pk)):
        queue.start(KEEP_ALIVE, connection=ripe)


def on_released(sender: object, **_: Any) -> None:
    """The stop-everything switch was released: what it held up goes on now."""
    queue.wake_all(str(permits.Stopped()))


def on_left(sender: object, *, job: Job, **_: Any) -> None:
    """A job wants nothing more: its connection leaves the queue for tokens unless another job stands there for it."""
    if job.connection_id is None:
        return
    others = Job.objects.filter(connection=job.connection_id, state__in=ACTIVE).exclude(pk=job.pk)
    if not others.exclude(state="paused").exists():
        demands.withdraw(job.connection_id, demands.OF_GRANT)


def call_whose_turn_it_is() -> None:
    """Wake the work of connections whose turn came sooner than they were told, because somebody before them left.

    Where nobody comes, such as a person who has closed their browser, others go on after a while.
    """
    for connection in Connection.objects.filter(pk__in=ledger.turns_now()):
        queue.wake(connection)
        ledger.expect_now(connection.pk)


def explain_lost_answers() -> None:
    """Requests whose process died before their answer came count, and are said."""
    access.explain_open_intents()


def say_which_died() -> None:
    """Tell whose grant has died, and whose is about to."""
    keep_alive.say_which_died()
    _each(keep_alive.dying(), notices.dies_soon)


def keep_alive_what_is_ripe() -> None:
    """Renew the grants that are ripe for it. One whose renewal failed is left alone for a while."""
    failed = Job.objects.filter(kind=KEEP_ALIVE, state="failed", finished_at__gt=clock.now() - AGAIN_AFTER)
    left_alone = set(failed.values_list("connection", flat=True))
    ripe = [connection for connection in keep_alive.ripe() if connection.pk not in left_alone]
    _each(ripe, lambda connection: queue.start(KEEP_ALIVE, connection=connection))


def say_which_fail() -> None:
    """Tell whose token requests fail again and again, and which of them are over it."""
    _each(backoff.failing(clock.now()), notices.fails)
    _each(notices.failing_no_more(), notices.fails_no_more)


def _each(connections: Iterable[Connection], do: Callable[[Connection], object]) -> None:
    """One after the other: what goes wrong with one of them is no reason to leave the others alone."""
    for connection in connections:
        try:
            do(connection)
        except Exception:
            logger.exception("Connection %s could not be looked after", connection.pk)


def advance(run: Run) -> bool:
    """One slice of the job that keeps a grant alive: one token request, when it is its turn."""
    connection = run.job.connection
    assert connection is not None
    if keep_alive.renew(connection):
        run.note("The grant was renewed; it lives another 14 days.")
    return True
