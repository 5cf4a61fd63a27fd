"""Regular work: apps register what is due how often, and the supervisor of any worker runs it.

Whoever runs it first claims it in the database, so that of several machines one does. What it does must be short, a few
queries: longer work is a job that it starts.
"""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q

from integrations.jobs.models import Schedule
from portal.core import clock

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Regular:
    name: str
    every: dt.timedelta
    run: Callable[[], None]


_registered: dict[str, Regular] = {}


def register(name: str, *, every: dt.timedelta, run: Callable[[], None]) -> None:
    """Have ``run`` called about ``every`` so often. Registering a name again replaces it."""
    _registered[name] = Regular(name, every, run)


def run_due() -> list[str]:
    """Run what is due, and answer its names. What fails is logged and tried again when it is due next."""
    at = clock.now()
    known = dict(Schedule.objects.values_list("name", "due_at"))
    ran = []
    for regular in list(_registered.values()):
        if regular.name not in known:
            Schedule.objects.bulk_create([Schedule(name=regular.name, due_at=at)], ignore_conflicts=True)
        elif at < known[regular.name] <= at + regular.every + clock.PUT_BACK:
            continue
        is_due = Q(due_at__lte=at) | Q(due_at__gt=at + regular.every + clock.PUT_BACK)
        claimed = Schedule.objects.filter(is_due, name=regular.name)
        if claimed.update(due_at=at + regular.every):
            ran.append(regular.name)
            try:
                regular.run()
            except Exception:
                logger.exception("Regular work “%s” failed", regular.name)
    return ran
