"""The worker's supervisor: runs one django-q2 cluster as a child process, monitors it and restarts it.

Measured with django-q2: killing the idle worker that holds the queue's lock hangs the whole cluster, which then ignores
SIGTERM; killing the main process leaves children that keep working. So the cluster runs in its own session and must
send heartbeats. Without them, the supervisor kills all of it and starts it again. It also queues due jobs, so a job
that lost its worker continues at once.
"""

import datetime as dt
import signal
import time
from collections.abc import Callable

from django.db import close_old_connections

from integrations.jobs import leases, schedules
from integrations.jobs.cluster import process
from integrations.jobs.cluster.dispatch import Dispatcher
from portal.core import clock
from portal.encryption import known_keys

TICK = 1.0
#: Seconds without a heartbeat after which a cluster counts as hung, and additional seconds for it to start.
PATIENCE, START = 30.0, 30.0


class Supervisor:
    """Runs until told to stop. Calls ``say`` with one line per event."""

    def __init__(self, say: Callable[[str], None], *, patience: float = PATIENCE) -> None:
        self._say = say
        self._patience = patience
        self._stop = False
        self._dispatcher = Dispatcher()
        self._keys = known_keys.Reporter("worker")
        self._problem = ""

    def run(self) -> None:
        """Start the cluster and supervise it until SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        process.adopt_orphans()
        self._start()
        try:
            while not self._stop:
                self._tick()
                self._pause()
        finally:
            self._say("Stopping.")
            self._cluster.end()
            self._safely(lambda: self._release_leases(killed_by_us=True), self._keys.end)
            self._say("Stopped.")

    def _on_signal(self, number: int, frame: object) -> None:
        self._stop = True

    def _pause(self) -> None:
        """Wait for the next tick or until told to stop. Python resumes an interrupted sleep, so use short ones."""
        until = time.monotonic() + TICK
        while not self._stop and time.monotonic() < until:
            time.sleep(0.1)

    def _start(self) -> None:
        self._cluster = process.ClusterProcess(period=self._patience / 3)
        self._silent_after = time.monotonic() + self._patience + START
        self._say(f"Cluster {self._cluster.pid} started.")

    def _tick(self) -> None:
        works = (self._watch, self._release_leases, self._dispatcher.enqueue_due, schedules.run_due)
        self._safely(*works, self._keys.report_if_due)
        process.reap_children()

    def _safely(self, *works: Callable[[], object]) -> None:
        """Run each of ``works``. Report an unreachable database once, and continue."""
        try:
            close_old_connections()
            for work in works:
                work()
        except Exception as problem:
            name = type(problem).__name__
            if name != self._problem:
                self._say(f"Cannot process jobs ({name}). Is the database reachable? Still trying.")
            self._problem = name
        else:
            if self._problem:
                self._say("Processing jobs again.")
            self._problem = ""

    def _watch(self) -> None:
        if self._cluster.has_ended():
            self._restart("exited unexpectedly")
        elif self._cluster.has_heartbeat() or self._is_busy():
            self._silent_after = time.monotonic() + self._patience
        elif time.monotonic() > self._silent_after:
            self._restart(f"sent no heartbeat for {self._patience:.0f} s")

    def _is_busy(self) -> bool:
        """Return whether a worker of this cluster is running a slice. Then no worker may be free to send a heartbeat."""
        pids = (leases.local_pid(job.lease_holder) for job in leases.held_on_this_host(clock.now()))
        return any(pid is not None and self._cluster.owns(pid) for pid in pids)

    def _restart(self, why: str) -> None:
        self._say(f"Cluster {self._cluster.pid} {why}. Restarting it.")
        self._cluster.end()
        self._start()
        self._dispatcher.release_taken()

    def _release_leases(self, *, killed_by_us: bool = False) -> None:
        for pk in leases.release_dead_leases(clock.now(), killed_by_us=killed_by_us):
            self._say(f"Job {pk} lost its worker and continues from its last step.")


def say(text: str) -> None:
    """Print a line with this machine's time, because the database's clock may be unreachable."""
    print(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} {text}", flush=True)
