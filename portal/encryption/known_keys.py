"""Which encryption keys each running process knows, and when each key was first seen.

A new key must be known to every process before the first one encrypts with it, or the others couldn't decrypt. Web
processes and workers therefore report the keys they were started with, at the start and every few minutes, and
`rotate_keys` refuses to run while one of them doesn't know the active key.
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
from portal.encryption import keys
from portal.encryption.models import FirstSeen, KnownKeys

#: How often a process reports.
REPORT_EVERY = dt.timedelta(minutes=5)
#: A process counts as running for this long after its last report.
ALIVE_FOR = dt.timedelta(minutes=15)
#: Reports older than this are deleted.
KEEP_FOR = dt.timedelta(days=1)
#: Seconds between two checks of a web process's thread whether a report is due.
CHECK_EVERY = 15.0


def report(kind: str) -> None:
    """Record which keys this process knows. ``kind`` is "web" or "worker"."""
    at, ids = _database_time(), keys.ids()
    values = {"keys": ids, "check_values": keys.check_values(), "at": at}
    KnownKeys.objects.update_or_create(process=name_of(kind), defaults=values)
    KnownKeys.objects.filter(at__lt=at - KEEP_FOR).delete()
    seen = [FirstSeen(key=key_id, at=clock.now()) for key_id in ids]
    FirstSeen.objects.bulk_create(seen, ignore_conflicts=True)


def withdraw(kind: str) -> None:
    """Delete this process's report, because the process is ending."""
    KnownKeys.objects.filter(process=name_of(kind)).delete()


def name_of(kind: str) -> str:
    """Return this process's name in the table and on screens."""
    return f"{kind} {socket.gethostname()[:80]}:{os.getpid()}"


def running() -> list[KnownKeys]:
    """Return the latest report of each running process."""
    return list(KnownKeys.objects.filter(at__gt=_database_time() - ALIVE_FOR))


def _database_time() -> dt.datetime:
    """Return the database's own time: moving the portal's clock must not end a process."""
    return clock.now() - dt.timedelta(seconds=clock.offset())


def processes_without(key_id: str) -> list[KnownKeys]:
    """Return the running processes that can't decrypt what this process encrypts with the key of this id."""
    check_value = keys.check_values()[key_id]
    return [process for process in running() if process.check_values.get(key_id) != check_value]


def processes_not_encrypting_with(key_id: str) -> list[KnownKeys]:
    """Return the running processes whose active key is another one, even if it has the same id."""
    without = processes_without(key_id)
    return [process for process in running() if process.keys[:1] != [key_id] or process in without]


class Reporter:
    """Report the keys of one process whenever a report is due. ``kind`` is "web" or "worker"."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._due = time.monotonic()

    def report_if_due(self) -> None:
        if time.monotonic() >= self._due:
            report(self._kind)
            self._due = time.monotonic() + REPORT_EVERY.total_seconds()

    def end(self) -> None:
        """Delete the report, because the process is ending."""
        withdraw(self._kind)


def keep_reporting(kind: str) -> None:
    """Report from a thread for as long as this process, or a fork of it, runs. For web processes.

    A worker's supervisor must have no threads, because it forks to start programs. It calls a `Reporter` itself.
    """
    _start(kind)
    os.register_at_fork(after_in_child=lambda: _start(kind))
    atexit.register(_end, kind)


def _start(kind: str) -> None:
    threading.Thread(target=_report_forever, args=(Reporter(kind),), name="known-keys", daemon=True).start()


def _report_forever(reporter: Reporter) -> None:
    while True:
        # the database may be unavailable or not migrated yet: try again later
        with suppress(Error):
            reporter.report_if_due()
        connection.close()
        time.sleep(CHECK_EVERY)


def _end(kind: str) -> None:
    with suppress(Error):
        withdraw(kind)
    connection.close()
