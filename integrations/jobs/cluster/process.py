"""The processes of a django-q2 cluster: started in their own session, monitored, and stopped without leftovers."""

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
#: Seconds that workers get to finish. A slice's uncommitted work is repeated later.
GRACE = 3.0
_PARENT_DEATH_SIGNAL, _CHILD_SUBREAPER = 1, 36


class ClusterProcess:
    """A running cluster, as its supervisor sees it."""

    def __init__(self, *, period: float) -> None:
        self._heartbeats, theirs = os.pipe()
        os.set_blocking(self._heartbeats, False)
        os.set_blocking(theirs, False)
        self._process = subprocess.Popen(
            [
                sys.executable,
                "manage.py",
                "work",
                "--cluster-only",
                f"--heartbeat-fd={theirs}",
                f"--period={period}",
            ],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=[theirs],
            preexec_fn=_exit_with_parent,
        )
        os.close(theirs)
        self.pid = self._process.pid

    def has_ended(self) -> bool:
        """Return whether its main process has exited. The other processes then follow."""
        return self._process.poll() is not None

    def has_heartbeat(self) -> bool:
        """Return whether a worker sent a heartbeat since the last call."""
        try:
            return bool(os.read(self._heartbeats, 4096))
        except BlockingIOError:
            return False

    def owns(self, pid: int) -> bool:
        """Return whether a process belongs to this cluster."""
        try:
            return os.getsid(pid) == self.pid
        except ProcessLookupError:
            return False

    def end(self) -> None:
        """Stop all its processes: SIGTERM first, then SIGKILL."""
        # SIGTERM only to the main process, which stops the others: it hangs if they exit before it.
        self._process.terminate()
        until = time.monotonic() + GRACE
        while time.monotonic() < until and self._is_alive():
            reap_children()
            time.sleep(0.05)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()
        while self._is_alive():
            reap_children()
            time.sleep(0.01)
        os.close(self._heartbeats)

    def _is_alive(self) -> bool:
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


def adopt_orphans() -> None:
    """Become the parent of processes that a killed cluster leaves behind, so they can be stopped too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap_children() -> None:
    """Reap exited child processes without waiting."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue


def run(*, heartbeat_fd: int | None, period: float) -> None:
    """Run the cluster in this process. Each forked process exits with its parent, so killing one leaves no orphans."""
    if heartbeat_fd is not None:
        heartbeat.report_to(heartbeat_fd, period=period)
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)
        os.register_at_fork(after_in_child=_exit_with_parent)
    Cluster().start()


def _exit_with_parent() -> None:
    """In the child: ask the kernel for SIGKILL when the parent exits, however it exits."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
