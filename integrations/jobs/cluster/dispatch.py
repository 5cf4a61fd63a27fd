"""Queues due jobs for the workers: the fallback for `queue.start`, and the only way for jobs that waited."""

import datetime as dt
import time

from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations.jobs.leases import due_jobs
from integrations.jobs.worker import enqueue
from portal.core import clock

#: Seconds that a queued job may take to start before it is queued again.
CLAIM_TIMEOUT = 15.0


class Dispatcher:
    """Keep the queue short and put the longest-due jobs first, so a long job does not hold up others."""

    def __init__(self) -> None:
        self._queued: dict[tuple[int, int], float] = {}

    def enqueue_due(self) -> None:
        """Queue due jobs while the queue has room. Several machines may do this: a job still starts only once."""
        now = time.monotonic()
        self._queued = {key: at for key, at in self._queued.items() if now - at < CLAIM_TIMEOUT}
        room = 2 * Conf.WORKERS - OrmQ.objects.filter(lock__lte=timezone.now()).count()
        if room <= 0:
            return
        waiting_since = Coalesce("waits_until", "created_at")
        rows = due_jobs(clock.now()).order_by(waiting_since, "pk").values_list("pk", "fence")
        for key in rows[: room + len(self._queued)]:
            if room and key not in self._queued:
                self._queued[key] = now
                enqueue(key[0])
                room -= 1

    def release_taken(self) -> None:
        """Make the tasks of a dead cluster available again at once instead of after their timeout."""
        at = timezone.now()
        OrmQ.objects.filter(lock__gt=at).update(lock=at - dt.timedelta(seconds=1))
        self._queued.clear()
