"""The django-q2 cluster as processes: started in a session of its own, listened to, ended without remains."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from django_q.cluster import Cluster

from integrations.jobs.cluster import heartbeat

ROOT = Path(__file__).resolve().parents[3]
#: Seconds that workers get to finish what they do; whatever a slice has not committed by then is done again.
GRACE = 3.0
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36


class ClusterProcess:
    """A running cluster, seen from its supervisor."""

    def __init__(self, *, period: float) -> None:
        self._signs, theirs = os.pipe()
        os.set_blocking(self._signs, False)
        os.set_blocking(theirs, False)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "manage.py",
                "work",
                "--cluster-only",
                f"--signs={theirs}",
                f"--period={period}",
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[theirs],
            preexec_fn=_die_with_parent,
        )
        os.close(theirs)
        self.pid = self._process.pid

    def has_ended(self) -> bool:
        """Whether its main process is gone. The others follow it, one after the other."""
        return self._process.poll() is not None

    def has_signed(self) -> bool:
        """Whether a worker gave a sign of life since this was last asked."""
        try:
            return bool(os.read(self._signs, 4096))
        except BlockingIOError:
            return False

    def owns(self, pid: int) -> bool:
        """Whether a process is one of this cluster's."""
        try:
            return os.getsid(pid) == self.pid
        except ProcessLookupError:
            return False

    def end(self) -> None:
        """End all its processes, however they hang: asked first, then killed."""
        # Only the main process is asked, which asks the others in turn: it would hang if they were gone before.
        self._process.terminate()
        until = time.monotonic() + GRACE
        while time.monotonic() < until and self._lives():
            reap()
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        while self._lives():
            reap()
            time.sleep(0.01)
        os.close(self._signs)

    def _lives(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def adopt_orphans() -> None:
    """Become the parent of what a killed cluster leaves behind, so that none of it is out of reach."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap() -> None:
    """Collect children that ended. Waits for none."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def run(*, signs: int | None, period: float) -> None:
    """Be the cluster. Each process it forks dies with the one that forked it, so killing one leaves no orphan."""
    if signs is not None:
        heartbeat.report_to(signs, period=period)
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=_die_with_parent)
    Cluster().start()


def _die_with_parent() -> None:
    """In the child: be killed when the parent is, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
