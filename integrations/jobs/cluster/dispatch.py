"""Handing due jobs to the workers: the safety net under `queue.start`, and the only way for jobs that waited."""

import datetime as dt
import time

from django.db.models.functions import Coalesce
from django.utils import timezone
from django_q.conf import Conf
from django_q.models import OrmQ

from integrations.jobs.leases import due
from integrations.jobs.worker import hand_over
from portal.core import clock

#: Seconds that a handed-out job may take to begin before it is handed out again.
PATIENCE = 15.0


class Dispatcher:
    """Keeps the queue short: what is due longest goes first, so a long job lets the others have their turn."""

    def __init__(self) -> None:
        self._handed_out: dict[tuple[int, int], float] = {}

    def hand_out(self) -> None:
        """Hand out what is due, as far as the queue has room. Several machines may: a job begins once."""
        now = time.monotonic()
        self._handed_out = {key: at for key, at in self._handed_out.items() if now - at < PATIENCE}
        room = 2 * Conf.WORKERS - OrmQ.objects.filter(lock__lte=timezone.now()).count()
        if room <= 0:
            return
        waiting_since = Coalesce("waits_until", "created_at")
        rows = due(clock.now()).order_by(waiting_since, "pk").values_list("pk", "fence")
        for key in rows[: room + len(self._handed_out)]:
            if room and key not in self._handed_out:
                self._handed_out[key] = now
                hand_over(key[0])
                room -= 1

    def release_taken(self) -> None:
        """After a cluster died: the tasks it had taken may be taken again at once, instead of when their time is up."""
        at = timezone.now()
        OrmQ.objects.filter(lock__gt=at).update(lock=at - dt.timedelta(seconds=1))
        self._handed_out.clear()
