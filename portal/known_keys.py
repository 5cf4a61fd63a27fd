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
from contextlib import suppress

from django.db import DatabaseError, connection, models

from portal import clock, secrets

#: How often a process reports, and how long it counts as running after its last report.
PERIOD = dt.timedelta(minutes=5)
ALIVE = dt.timedelta(minutes=15)
#: Reports older than this are deleted.
KEPT = dt.timedelta(days=1)


class KnownKeys(models.Model):
    """A process and the ids of the keys it was started with, the one that it seals with first."""

    process = models.CharField(primary_key=True, max_length=120)
    keys = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        app_label = "portal"
        ordering = ["process"]

    def __str__(self) -> str:
        return self.process


class FirstSeen(models.Model):
    """When a process reported a key for the first time: its age."""

    key = models.CharField(primary_key=True, max_length=32)
    at = models.DateTimeField()

    class Meta:
        app_label = "portal"

    def __str__(self) -> str:
        return self.key


def report(kind: str) -> None:
    """Write down which keys this process knows. ``kind`` says what it is: web or worker."""
    at, keys = clock.now(), secrets.key_ids()
    KnownKeys.objects.update_or_create(process=name_of(kind), defaults={"keys": keys, "at": at})
    FirstSeen.objects.bulk_create([FirstSeen(key=key, at=at) for key in keys], ignore_conflicts=True)
    KnownKeys.objects.filter(at__lt=at - KEPT).delete()


def withdraw(kind: str) -> None:
    """This process ends: nobody need wait for it."""
    KnownKeys.objects.filter(process=name_of(kind)).delete()


def name_of(kind: str) -> str:
    """This process, as it stands in the table and on screens."""
    return f"{kind} {socket.gethostname()[:80]}:{os.getpid()}"


def running() -> list[KnownKeys]:
    """The processes that have reported lately."""
    return list(KnownKeys.objects.filter(at__gt=clock.now() - ALIVE))


def without(key: str) -> list[KnownKeys]:
    """The running processes that could not open what is sealed with ``key``."""
    return [process for process in running() if key not in process.keys]


def sealing_with_another(key: str) -> list[KnownKeys]:
    """The running processes that still seal with something else than ``key``."""
    return [process for process in running() if process.keys[:1] != [key]]


def keep_reporting(kind: str, *, forks: bool = False) -> None:
    """Report from a thread of its own as long as this process runs. ``forks``: what is forked from it reports as well."""
    _start(kind)
    if forks:
        os.register_at_fork(after_in_child=lambda: _start(kind))
    atexit.register(_end, kind)


def _start(kind: str) -> None:
    threading.Thread(target=_report_for_ever, args=(kind,), name="known-keys", daemon=True).start()


def _report_for_ever(kind: str) -> None:
    waiting = threading.Event()
    while True:
        # the database may be away, or not migrated yet: the next report tries again
        with suppress(DatabaseError):
            report(kind)
        connection.close()
        waiting.wait(PERIOD.total_seconds())


def _end(kind: str) -> None:
    with suppress(DatabaseError):
        withdraw(kind)
    connection.close()
