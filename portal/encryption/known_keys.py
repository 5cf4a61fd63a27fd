"""Which encryption keys each running process knows, and since when a key is known at all.

A key must be known everywhere before anything is sealed with it: a process without it could not open what others
have sealed. So the web processes and the workers say which keys they were started with, now and every few minutes,
and `rotate_keys` waits for those that do not know the newest.
"""

import atexit
import datetime as dt
import os
import socket
import threading
import time
from contextlib import suppress

from django.db import Error, connection

from portal.core import clock
from portal.encryption import fields
from portal.encryption.models import FirstSeen, KnownKeys

#: How often a process reports, and how long it counts as running after its last report.
PERIOD = dt.timedelta(minutes=5)
ALIVE = dt.timedelta(minutes=15)
#: Seconds until the thread of a web process looks again whether a report is due.
LOOK = 15.0
#: Reports older than this are deleted.
KEPT = dt.timedelta(days=1)


def report(kind: str) -> None:
    """Write down which keys this process knows. ``kind`` says what it is: web or worker."""
    at, keys = _unmoved(), fields.key_ids()
    known = {"keys": keys, "marks": fields.key_marks(), "at": at}
    KnownKeys.objects.update_or_create(process=name_of(kind), defaults=known)
    KnownKeys.objects.filter(at__lt=at - KEPT).delete()
    seen = [FirstSeen(key=key, at=clock.now()) for key in keys]
    FirstSeen.objects.bulk_create(seen, ignore_conflicts=True)


def withdraw(kind: str) -> None:
    """This process ends: nobody need wait for it."""
    KnownKeys.objects.filter(process=name_of(kind)).delete()


def name_of(kind: str) -> str:
    """This process, as it stands in the table and on screens."""
    return f"{kind} {socket.gethostname()[:80]}:{os.getpid()}"


def running() -> list[KnownKeys]:
    """The processes that have reported lately."""
    return list(KnownKeys.objects.filter(at__gt=_unmoved() - ALIVE))


def _unmoved() -> dt.datetime:
    """The time by the database's own clock: processes live by that one, also where the portal's was moved."""
    return clock.now() - dt.timedelta(seconds=clock.offset())


def without(key: str) -> list[KnownKeys]:
    """The running processes that could not open what is sealed with ``key`` of this one's `ENCRYPTION_KEYS`."""
    mark = fields.key_marks()[key]
    return [process for process in running() if process.marks.get(key) != mark]


def sealing_with_another(key: str) -> list[KnownKeys]:
    """The running processes that still seal with something else than ``key``, if only another one of its id."""
    unaware = without(key)
    return [process for process in running() if process.keys[:1] != [key] or process in unaware]


class Reporter:
    """Reports for one process whenever it is asked and a report is due. ``kind`` says what it is: web or worker."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._due = time.monotonic()

    def report_if_due(self) -> None:
        if time.monotonic() >= self._due:
            report(self._kind)
            self._due = time.monotonic() + PERIOD.total_seconds()

    def end(self) -> None:
        """The process ends: nobody need wait for it."""
        withdraw(self._kind)


def keep_reporting(kind: str) -> None:
    """Report from a thread as long as this process runs, in what is forked from it too. For web processes.

    A worker's supervisor, which forks to start programs and must have no threads, asks a `Reporter` itself.
    """
    _start(kind)
    os.register_at_fork(after_in_child=lambda: _start(kind))
    atexit.register(_end, kind)


def _start(kind: str) -> None:
    threading.Thread(target=_report_for_ever, args=(Reporter(kind),), name="known-keys", daemon=True).start()


def _report_for_ever(reporter: Reporter) -> None:
    while True:
        # the database may be away, or not migrated yet: it is tried again
        with suppress(Error):
            reporter.report_if_due()
        connection.close()
        time.sleep(LOOK)


def _end(kind: str) -> None:
    with suppress(Error):
        withdraw(kind)
    connection.close()
