"""The portal's clock: the database's, plus an offset that only the demo and tests may set.

All processes on all machines read the same time, so leases and budgets don't depend on a machine's own clock.
"""

import datetime as dt

from django.db import connection
from django.db.models import F

from portal.core.models import ClockOffset

#: A stored time may be ahead of `now` by this much more than intended, because another process read the clock later.
#: If it is further ahead, the database's clock was set back after it was stored.
MAX_SKEW = dt.timedelta(minutes=1)

_OFFSET = "COALESCE((SELECT seconds FROM core_clockoffset WHERE id = 1), 0)"
#: SQL expressions for the time in Unix seconds, by database vendor.
EPOCH = {
    "postgresql": f"EXTRACT(EPOCH FROM clock_timestamp())::float8 + {_OFFSET}",
    "sqlite": f"(julianday('now') - 2440587.5) * 86400.0 + {_OFFSET}",
}


def now() -> dt.datetime:
    """Return the time in UTC: the database's clock plus the offset."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EPOCH[connection.vendor]}")
        (seconds,) = cursor.fetchone()
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def offset() -> float:
    """Return how many seconds the portal's clock is ahead of the database's."""
    return ClockOffset.objects.filter(pk=1).values_list("seconds", flat=True).first() or 0.0


def advance(seconds: float) -> None:
    """Move the clock forward. For the demo and tests only: elsewhere a system check reports the offset as an error."""
    row, _ = ClockOffset.objects.get_or_create(pk=1)
    ClockOffset.objects.filter(pk=row.pk).update(seconds=F("seconds") + seconds)
