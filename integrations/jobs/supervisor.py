"""The worker's supervisor: one django-q2 cluster as a child, watched, fed and restarted.

What was measured of django-q2: killing its idle worker that holds the queue's lock stops the whole cluster for good,
deaf to SIGTERM; killing its main process leaves children that go on working. So the cluster runs in a session of its
own, a canary task must come back from it every few seconds, and when it does not the whole group is killed and
started again. Jobs are handed out from here too, so one that lost its worker waits for nobody.
"""

import ctypes
import datetime as dt
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from django.core.cache import cache
from django.db import close_old_connections
from django.utils import timezone
from django_q.cluster import Cluster
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.tasks import async_task

from integrations.jobs.models import Job, State
from integrations.jobs.run import began, is_due
from portal import clock

ROOT = Path(__file__).resolve().parent.parent.parent
TICK = 1.0
CANARY_EVERY, CANARY_PATIENCE = 10.0, 40.0
#: How long a handed-out job may take to begin before it is handed out again.
HANDED_OUT = 15.0
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


def sing(key: str) -> None:
    """The canary: a task that only says it was run."""
    cache.set(key, time.time(), timeout=600)


class Supervisor:
    """Runs until told to stop."""

    def __init__(self, say: "Say") -> None:
        self._say = say
        self._stop = False
        self._cluster: subprocess.Popen[bytes] | None = None
        self._key = f"canary:{socket.gethostname()}:{os.getpid()}"
        self._sung_at = self._asked_at = 0.0
        self._handed_out: dict[int, float] = {}

    def run(self) -> None:
        """Start the cluster and look after it. SIGTERM and SIGINT end all of it."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        if sys.platform == "linux":
            # orphans of a killed cluster become this process's children, so that none is out of reach
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._start()
        try:
            while not self._stop:
                self._tick()
                time.sleep(TICK)
        finally:
            self._kill()
            self._say("Stopped.")

    def _on_signal(self, number: int, frame: object) -> None:
        self._stop = True

    def _start(self) -> None:
        self._cluster = subprocess.Popen(
            [sys.executable, "manage.py", "work", "--cluster-only"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self._sung_at = time.monotonic()
        self._asked_at = 0.0
        self._say(f"Cluster {self._cluster.pid} started.")

    def _kill(self) -> None:
        """End every process of the cluster, wherever it hangs."""
        assert self._cluster is not None
        group = self._cluster.pid
        _signal_group(group, signal.SIGTERM)
        until = time.monotonic() + 3
        while time.monotonic() < until and _group_lives(group):
            _reap()
            time.sleep(0.05)
        _signal_group(group, signal.SIGKILL)
        self._cluster.wait()
        _reap()

    def _tick(self) -> None:
        try:
            close_old_connections()
            self._watch()
            self._free_leases_of_the_dead()
            self._hand_out()
        except Exception as problem:  # a database that is away for a moment must not end the supervisor
            self._say(f"Could not look after the queue ({type(problem).__name__}); trying on.")
        _reap()

    def _watch(self) -> None:
        assert self._cluster is not None
        now = time.monotonic()
        if self._cluster.poll() is not None:
            self._restart("ended by itself")
        elif now - self._sung_at > CANARY_PATIENCE:
            self._restart(f"has not answered for {CANARY_PATIENCE:.0f} s")
        elif cache.get(self._key):
            cache.delete(self._key)
            self._sung_at = now
        elif now - self._asked_at > CANARY_EVERY:
            self._asked_at = now
            async_task("integrations.jobs.supervisor.sing", self._key, q_options={"save": False})

    def _restart(self, why: str) -> None:
        assert self._cluster is not None
        self._say(f"Cluster {self._cluster.pid} {why}: it is started again.")
        self._kill()
        # tasks that the dead cluster had taken would stay locked until their lease ends; jobs are handed out anew
        taken_since = timezone.now() - dt.timedelta(seconds=Conf.RETRY)
        OrmQ.objects.filter(lock__gt=taken_since).delete()
        self._handed_out.clear()
        self._start()

    def _free_leases_of_the_dead(self) -> None:
        """A worker of this host that is gone will not finish its slice: another may begin at once."""
        here = f"{socket.gethostname()[:60]}:"
        for job in Job.objects.filter(state=State.RUNNING, lease_holder__startswith=here):
            pid, _, mark = job.lease_holder[len(here) :].partition(":")
            if mark != "-" and began(int(pid)) != mark:
                freed = Job.objects.filter(pk=job.pk, fence=job.fence, state=State.RUNNING)
                if freed.update(lease_expires_at=clock.now(), lease_holder=""):
                    self._say(f"Job {job.pk} lost its worker; it goes on.")
                    self._handed_out.pop(job.pk, None)

    def _hand_out(self) -> None:
        at, now = clock.now(), time.monotonic()
        self._handed_out = {pk: when for pk, when in self._handed_out.items() if now - when < HANDED_OUT}
        for job in Job.objects.filter(state__in=[State.WAITING, State.RUNNING]).order_by("created_at"):
            if is_due(job, at) and job.pk not in self._handed_out:
                self._handed_out[job.pk] = now
                async_task("integrations.jobs.run.advance", job.pk, q_options={"save": False})


class Say:
    """Writes a line with the time."""

    def __call__(self, text: str) -> None:
        print(f"{clock.now():%Y-%m-%d %H:%M:%S} {text}", flush=True)


def run_cluster() -> None:
    """Be the cluster. Each process it forks dies with the one that forked it, so killing one leaves no orphan."""
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=_die_with_parent)
    Cluster().start()


def _die_with_parent() -> None:
    """In the child: be killed when the supervisor is, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _reap() -> None:
    """Collect orphans that ended. Waits for none."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return
