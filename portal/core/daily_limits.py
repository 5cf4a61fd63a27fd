"""Daily limits: how often something may be done in one day (UTC), counted in the database for all processes together.

Counts are stored under a keyed hash, so the table holds no email addresses.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.utils.crypto import salted_hmac

from portal.core import clock
from portal.core.errors import Refused
from portal.core.models import DailyCount


@dataclass(frozen=True)
class Limit:
    """At most ``most`` times a day for each ``who``: ids or addresses of those it is counted for. ``name`` is unique."""

    name: str
    most: int
    who: tuple[object, ...]

    @property
    def key(self) -> str:
        """Return what it is counted under."""
        value = "\0".join(str(part).lower() for part in (self.name, *self.who))
        return salted_hmac("portal.core.daily_limits", value, algorithm="sha256").hexdigest()


class LimitReached(Refused):
    """It was done as often as ``limit`` allows in a day."""

    def __init__(self, limit: Limit, sentence: str) -> None:
        super().__init__(sentence)
        self.limit = limit


def spend(*limits: Limit, sentence: str) -> None:
    """Count one more for each of ``limits``. Raise LimitReached with ``sentence``, and count nothing, if one is reached."""
    day = clock.now().date()
    with transaction.atomic():
        # always in the same order, so that two processes can't wait for each other
        for limit in sorted(limits, key=lambda each: each.key):
            DailyCount.objects.get_or_create(day=day, key=limit.key)
            rows = DailyCount.objects.filter(day=day, key=limit.key, count__lt=limit.most)
            if not rows.update(count=F("count") + 1):
                raise LimitReached(limit, sentence)


def is_reached(*limits: Limit) -> bool:
    """Return whether one of ``limits`` is reached today. Count nothing."""
    counts = dict(
        DailyCount.objects.filter(
            day=clock.now().date(), key__in=[limit.key for limit in limits]
        ).values_list("key", "count")
    )
    return any(counts.get(limit.key, 0) >= limit.most for limit in limits)


def delete_old() -> None:
    """Delete the counts of earlier days."""
    DailyCount.objects.filter(day__lt=clock.now().date() - dt.timedelta(days=1)).delete()
