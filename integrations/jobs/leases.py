"""Leases: who works on a job, whether that process still lives, and which jobs somebody may begin."""

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

#: How long a lease lasts without a checkpoint: longer than a call takes that does not drag on to all its timeouts. A
#: worker that is slower still finds its lease gone at its next checkpoint, and somebody else goes on in its place.
#: Waiting it out is only for the workers of a machine that is gone; those that died on this one are told by their id.
LEASE = dt.timedelta(seconds=180)
#: Whatever was said, no job waits longer than this without looking again.
LOOK_AGAIN = dt.timedelta(hours=24)
_PROCESSES = Path("/proc")
_UNKNOWN = "-"


def holder() -> str:
    """This process, as leases name it: the place, its id there, and when it began (ids come round again)."""
    return f"{place()}:{os.getpid()}:{_mark(os.getpid())}"


@lru_cache(maxsize=1)
def place() -> str:
    """Where process ids mean what they mean here: the host and its start, and the container."""
    host = socket.gethostname()[:60]
    try:
        start = (_PROCESSES / "sys/kernel/random/boot_id").read_text()[:8]
        return f"{host}/{start}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return host


def _mark(pid: int) -> str:
    """When a process began, in ticks; "" when it is gone. "-" where nobody can tell (elsewhere than on Linux)."""
    if not (_PROCESSES / "self").exists():
        return _UNKNOWN
    try:
        fields = (_PROCESSES / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]


def pid_here(name: str) -> int | None:
    """The process id of a holder of this place, or None when it is elsewhere."""
    where, _, rest = name.partition(":")
    return int(rest.partition(":")[0]) if where == place() else None


def is_gone(name: str) -> bool:
    """Whether a holder is known to have ended: a process of this place that is no more."""
    pid = pid_here(name)
    mark = name.rpartition(":")[2]
    return pid is not None and mark != _UNKNOWN and _mark(pid) != mark


def due(at: dt.datetime) -> "models.QuerySet[Job]":
    """The jobs that somebody may begin: their time has come, or their worker is gone.

    A job that was cancelled or paused keeps its lease until its worker has noticed; until then neither it nor a new
    one of its kind for the same connection or installation begins. One whose connection was deleted may be anybody's.
    """
    put_back = at + clock.PUT_BACK
    free = Q(lease_expires_at=None) | Q(lease_expires_at__lte=at) | Q(lease_expires_at__gt=put_back + LEASE)
    time_has_come = Q(waits_until=None) | Q(waits_until__lte=at) | Q(waits_until__gt=put_back + LOOK_AGAIN)
    come = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING) & time_has_come
    same = Q(connection=OuterRef("connection")) | Q(connection=None, installation=OuterRef("installation"))
    worked_on = Job.objects.filter(same, kind=OuterRef("kind")).exclude(free).exclude(pk=OuterRef("pk"))
    return Job.objects.filter(free, come).filter(~Exists(worked_on))


def held_here(at: dt.datetime) -> "models.QuerySet[Job]":
    """The jobs that processes of this place hold."""
    return Job.objects.filter(lease_holder__startswith=f"{place()}:", lease_expires_at__gt=at)


def free_those_of_the_dead(at: dt.datetime, *, killed_by_us: bool = False) -> list[int]:
    """Take the leases from processes of this place that are gone. Answers the jobs, which may begin again at once.

    The slice counts as an attempt of the job's, unless we ended its worker for reasons of our own.
    """
    freed = []
    for job in held_here(at):
        if is_gone(job.lease_holder):
            fields: dict[str, object] = {"lease_holder": "", "lease_expires_at": None}
            if killed_by_us:
                fields["attempts"] = Greatest(F("attempts") - 1, 0)
            if Job.objects.filter(pk=job.pk, fence=job.fence, lease_holder=job.lease_holder).update(**fields):
                freed.append(job.pk)
    return freed
