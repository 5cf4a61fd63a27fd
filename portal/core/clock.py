"""The one clock: the database's, plus an offset that only the demo and tests may set.

Every process, on every machine, reads the same time, so leases and budgets hold whatever a machine's own clock says.
"""

import datetime as dt

from django.db import connection
from django.db.models import F

from portal.core.models import ClockOffset

#: A moment that lies further ahead than it is ever set, by more than this, was set before the database's clock was put
#: back. By less, only by a process that has read the time a moment later than this one.
PUT_BACK = dt.timedelta(minutes=1)

_OFFSET = "COALESCE((SELECT seconds FROM core_clockoffset WHERE id = 1), 0)"
#: The time as an SQL expression, in seconds since 1970, on each database.
EPOCH = {
    "postgresql": f"EXTRACT(EPOCH FROM clock_timestamp())::float8 + {_OFFSET}",
    "sqlite": f"(julianday('now') - 2440587.5) * 86400.0 + {_OFFSET}",
}


def now() -> dt.datetime:
    """The time, in UTC: the database's clock plus the offset."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EPOCH[connection.vendor]}")
        (seconds,) = cursor.fetchone()
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def offset() -> float:
    """Seconds by which this clock is ahead of the database's."""
    return ClockOffset.objects.filter(pk=1).values_list("seconds", flat=True).first() or 0.0


def advance(seconds: float) -> None:
    """Move the clock ahead. For the demo and tests: a system check refuses an offset anywhere else."""
    row, _ = ClockOffset.objects.get_or_create(pk=1)
    ClockOffset.objects.filter(pk=row.pk).update(seconds=F("seconds") + seconds)
