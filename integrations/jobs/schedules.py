"""Periodic tasks: apps register them, and the supervisor of any worker runs those that are due.

A supervisor claims a task in the database, so only one machine runs it. A task must be short (a few queries). For longer
work it starts a job.
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
class PeriodicTask:
    name: str
    every: dt.timedelta
    run: Callable[[], None]


_registered: dict[str, PeriodicTask] = {}


def register(name: str, *, every: dt.timedelta, run: Callable[[], None]) -> None:
    """Register ``run`` to be called about once every ``every``. A second call with the same name replaces the first."""
    _registered[name] = PeriodicTask(name, every, run)


def run_due() -> list[str]:
    """Run the due tasks and return their names. A failure is logged, and the task runs again when it is due next."""
    at = clock.now()
    known = dict(Schedule.objects.values_list("name", "due_at"))
    ran = []
    for task in list(_registered.values()):
        if task.name not in known:
            Schedule.objects.bulk_create([Schedule(name=task.name, due_at=at)], ignore_conflicts=True)
        elif at < known[task.name] <= at + task.every + clock.MAX_SKEW:
            continue
        is_due = Q(due_at__lte=at) | Q(due_at__gt=at + task.every + clock.MAX_SKEW)
        claimed = Schedule.objects.filter(is_due, name=task.name)
        if claimed.update(due_at=at + task.every):
            ran.append(task.name)
            try:
                task.run()
            except Exception:
                logger.exception("Periodic task “%s” failed", task.name)
    return ran
