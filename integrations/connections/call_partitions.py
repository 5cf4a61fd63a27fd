"""The daily partitions of the call log on PostgreSQL. Elsewhere the call log is one table, and nothing here does anything.

Dropping a day takes no time, however many calls it had. Calls of a day without a partition, because no worker ran the
days before or a clock was moved, are stored in the partition `OTHER`.
"""

import datetime as dt
import re

from django.db import connection, transaction

TABLE, OTHER = "connections_call", "connections_call_other"
#: How many days ahead partitions are created.
DAYS_AHEAD = 3
#: How long a change of partitions waits for statements that use the call log, in milliseconds. Writers wait behind it.
LOCK_TIMEOUT = 1000
_NAME = re.compile(rf"{TABLE}_(\d{{8}})")


def start_of_kept(expired: dt.datetime) -> dt.datetime:
    """Return from when on calls are kept that were to expire before ``expired``: on PostgreSQL until their day is over."""
    if connection.vendor != "postgresql":
        return expired
    return expired.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def create_ahead(at: dt.datetime) -> None:
    """Create the partitions of the day of ``at`` and of the days after it. Leave out days that have calls elsewhere."""
    if connection.vendor != "postgresql":
        return
    existing = _days()
    today = at.astimezone(dt.UTC).date()
    for day in (today + dt.timedelta(days=number) for number in range(DAYS_AHEAD + 1)):
        if day not in existing and not _has_calls_elsewhere(day):
            bounds = f"FOR VALUES FROM ('{day} 00:00+00') TO ('{day + dt.timedelta(days=1)} 00:00+00')"
            _change(f"CREATE TABLE {_name(day)} PARTITION OF {TABLE} {bounds}")


def drop_before(at: dt.datetime) -> None:
    """Drop the partitions of days that ended before ``at``."""
    if connection.vendor != "postgresql":
        return
    for day in sorted(_days()):
        if day < at.astimezone(dt.UTC).date():
            _change(f"DROP TABLE {_name(day)}")


def _name(day: dt.date) -> str:
    return f"{TABLE}_{day:%Y%m%d}"


def _days() -> set[dt.date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = %s::regclass",
            [TABLE],
        )
        names = [name for (name,) in cursor.fetchall()]
    found = (_NAME.fullmatch(name) for name in names)
    return {dt.datetime.strptime(match[1], "%Y%m%d").date() for match in found if match}


def _has_calls_elsewhere(day: dt.date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT EXISTS (SELECT FROM {OTHER} WHERE at >= %s AND at < %s)",  # noqa: S608
            [f"{day} 00:00+00", f"{day + dt.timedelta(days=1)} 00:00+00"],
        )
        (found,) = cursor.fetchone()
    return bool(found)


def _change(statement: str) -> None:
    """Run one statement that locks the call log. Raise OperationalError if the lock isn't available soon."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT}")
        cursor.execute(statement)
