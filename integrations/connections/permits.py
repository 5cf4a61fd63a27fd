"""The permit that is asked before every call: never more calls than allowed in any sliding minute, for all processes.

Counted by second of the database's clock, and a second more than the minute is looked at, so the count is never low.
"""

import time

from django.db import models, transaction

from integrations.connections import ledger
from integrations.connections.environments import sharing_limits
from integrations.connections.models import CallCount, Environment
from integrations.total_expert import TryLater
from portal import clock

#: Seconds that are looked at: the minute, the second that has begun, and the way to the server.
WINDOW = 62
#: Longest wait inside one call; beyond it the caller is told to come back, and its worker does something else.
PATIENCE = 15.0
KEPT = 3600


def ask(environment: Environment) -> None:
    """Return when a call may be sent, counted. Raises TryLater when that takes too long."""
    waited = 0.0
    while True:
        wait = _take(environment)
        if not wait:
            return
        if waited + wait > PATIENCE:
            raise TryLater("The calls of this minute are used up.", after=wait)
        time.sleep(wait)
        waited += wait


def _take(environment: Environment) -> float:
    """Count a call and answer 0, or say in how many seconds to ask again."""
    with transaction.atomic(durable=True):
        ledger.lock(environment)
        at = clock.now().timestamp()
        second = int(at)
        limit = environment.calls_per_minute
        counts = CallCount.objects.filter(environment__in=sharing_limits(environment), egress=ledger.EGRESS)
        if limit:
            window = counts.filter(second__gt=second - WINDOW)
            used = window.aggregate(models.Sum("calls"), models.Min("second"))
            if (used["calls__sum"] or 0) >= limit:
                return float(max(0.05, used["second__min"] + WINDOW - at))
        mine = CallCount.objects.filter(environment=environment, egress=ledger.EGRESS, second=second)
        if not mine.update(calls=models.F("calls") + 1):
            CallCount.objects.create(environment=environment, egress=ledger.EGRESS, second=second, calls=1)
            counts.filter(second__lt=second - KEPT).delete()
        return 0.0


def used(environment: Environment) -> int:
    """Calls of the last minute."""
    second = int(clock.now().timestamp())
    rows = CallCount.objects.filter(environment__in=sharing_limits(environment), second__gt=second - 60)
    return rows.aggregate(models.Sum("calls"))["calls__sum"] or 0
