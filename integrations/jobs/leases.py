"""Leases: which process works on a job, whether it is still alive, and which jobs are due."""

import datetime as dt
import os
import socket
from functools import lru_cache
from pathlib import Path

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest

from integrations.jobs.models import Job, JobState
from portal.core import clock

#: How long a lease lasts without a checkpoint. A call to Total Expert normally takes less. A slower worker loses its lease,
#: finds out at its next checkpoint, and another one continues. Only the leases of a lost machine have to expire: dead
#: processes of this machine are detected by their process id.
LEASE_DURATION = dt.timedelta(seconds=180)
#: No job waits longer than this before it checks again.
MAX_WAIT = dt.timedelta(hours=24)
_PROCESSES = Path("/proc")
_UNKNOWN = "-"


def process_name() -> str:
    """Return this process's name in leases: host, process id and start time (process ids are reused)."""
    return f"{host_name()}:{os.getpid()}:{_start_ticks(os.getpid())}"


@lru_cache(maxsize=1)
def host_name() -> str:
    """Return the scope in which process ids are unique: the host, its boot and the container."""
    host = socket.gethostname()[:60]
    try:
        start = (_PROCESSES / "sys/kernel/random/boot_id").read_text()[:8]
        return f"{host}/{start}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return host


def _start_ticks(pid: int) -> str:
    """Return when a process started, in clock ticks since boot.

    Return "" if the process has exited and "-" if this cannot be known (on systems other than Linux).
    """
    if not (_PROCESSES / "self").exists():
        return _UNKNOWN
    try:
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def local_pid(name: str) -> int | None:
    """Return the process id of a lease holder on this host, or None if it runs elsewhere."""
    where, _, rest = name.partition(":")
    return int(rest.partition(":")[0]) if where == host_name() else None


def has_exited(name: str) -> bool:
    """Return whether a lease holder is known to have exited: a process of this host that is gone."""
    pid = local_pid(name)
    mark = name.rpartition(":")[2]
    return pid is not None and mark != _UNKNOWN and _start_ticks(pid) != mark


def due_jobs(at: dt.datetime) -> "models.QuerySet[Job]":
    """Return the jobs that a worker may start or continue: they are due, or their worker is gone.

    A canceled or paused job keeps its lease until its worker notices. Until then, neither it nor a new job of the same
    kind for the same connection or installation may start.
    """
    latest = at + clock.MAX_SKEW
    free = (
        Q(lease_expires_at=None)
        | Q(lease_expires_at__lte=at)
        | Q(lease_expires_at__gt=latest + LEASE_DURATION)
    )
    is_time = Q(waits_until=None) | Q(waits_until__lte=at) | Q(waits_until__gt=latest + MAX_WAIT)
    ready = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING) & is_time
    same = Q(connection=OuterRef("connection")) | Q(connection=None, installation=OuterRef("installation"))
    in_progress = Job.objects.filter(same, kind=OuterRef("kind")).exclude(free).exclude(pk=OuterRef("pk"))
    return Job.objects.filter(free, ready).filter(~Exists(in_progress))


def held_on_this_host(at: dt.datetime) -> "models.QuerySet[Job]":
    """Return the jobs leased by processes of this host."""
    return Job.objects.filter(lease_holder__startswith=f"{host_name()}:", lease_expires_at__gt=at)


def release_dead_leases(at: dt.datetime, *, killed_by_us: bool = False) -> list[int]:
    """Release the leases of exited processes of this host. Return the ids of their jobs, which are due again.

    The interrupted slice counts as an attempt, unless ``killed_by_us``.
    """
    released = []
    for job in held_on_this_host(at):
        if has_exited(job.lease_holder):
            fields: dict[str, object] = {"lease_holder": "", "lease_expires_at": None}
            if killed_by_us:
                fields["attempts"] = Greatest(F("attempts") - 1, 0)
            if Job.objects.filter(pk=job.pk, fence=job.fence, lease_holder=job.lease_holder).update(**fields):
                released.append(job.pk)
    return released
