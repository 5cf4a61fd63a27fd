"""The worker's supervisor: one django-q2 cluster as a child, watched, fed and restarted.

What was measured of django-q2: killing its idle worker that holds the queue's lock stops the whole cluster for good,
deaf to SIGTERM; killing its main process leaves children that go on working. So the cluster runs in a session of its
own and must give signs of life; when it gives none, all of it is killed and started again. Jobs are handed out from
here too, so one that lost its worker waits for nobody.
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
#: Seconds without a sign of life after which a cluster counts as hung, and how much longer one may take to start.
PATIENCE, START = 30.0, 30.0


class Supervisor:
    """Runs until told to stop. ``say`` is given one line an event."""

    def __init__(self, say: Callable[[str], None], *, patience: float = PATIENCE) -> None:
        self._say = say
        self._patience = patience
        self._stop = False
        self._dispatcher = Dispatcher()
        self._keys = known_keys.Reporter("worker")
        self._trouble = ""

    def run(self) -> None:
        """Start the cluster and look after it. SIGTERM and SIGINT end all of it."""
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
            self._safely(lambda: self._free_leases(killed_by_us=True), self._keys.end)
            self._say("Stopped.")

    def _on_signal(self, number: int, frame: object) -> None:
        self._stop = True

    def _pause(self) -> None:
        """Until the next tick, or until told to stop: a sleep that a signal interrupts would be resumed."""
        until = time.monotonic() + TICK
        while not self._stop and time.monotonic() < until:
            time.sleep(0.1)

    def _start(self) -> None:
        self._cluster = process.ClusterProcess(period=self._patience / 3)
        self._silent_after = time.monotonic() + self._patience + START
        self._say(f"Cluster {self._cluster.pid} started.")

    def _tick(self) -> None:
        works = (self._watch, self._free_leases, self._dispatcher.hand_out, schedules.run_due)
        self._safely(*works, self._keys.report_if_due)
        process.reap()

    def _safely(self, *works: Callable[[], object]) -> None:
        """A database that is away for a while must not end the supervisor; that it is away is said once."""
        try:
            close_old_connections()
            for work in works:
                work()
        except Exception as problem:
            trouble = type(problem).__name__
            if trouble != self._trouble:
                self._say(f"Could not look after the jobs ({trouble}). Is the database reachable? Trying on.")
            self._trouble = trouble
        else:
            if self._trouble:
                self._say("Looking after the jobs again.")
            self._trouble = ""

    def _watch(self) -> None:
        if self._cluster.has_ended():
            self._restart("ended by itself")
        elif self._cluster.has_signed() or self._is_busy():
            self._silent_after = time.monotonic() + self._patience
        elif time.monotonic() > self._silent_after:
            self._restart(f"gave no sign of life for {self._patience:.0f} s")

    def _is_busy(self) -> bool:
        """Whether a worker of this cluster is in the middle of a slice: then nobody may be free to give a sign."""
        pids = (leases.pid_here(job.lease_holder) for job in leases.held_here(clock.now()))
        return any(pid is not None and self._cluster.owns(pid) for pid in pids)

    def _restart(self, why: str) -> None:
        self._say(f"Cluster {self._cluster.pid} {why}: it is started again.")
        self._cluster.end()
        self._start()
        self._dispatcher.release_taken()

    def _free_leases(self, *, killed_by_us: bool = False) -> None:
        for pk in leases.free_those_of_the_dead(clock.now(), killed_by_us=killed_by_us):
            self._say(f"Job {pk} lost its worker; it goes on from its last step.")


def say(text: str) -> None:
    """Write a line with this machine's time: the one of the database may be out of reach."""
    print(f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M:%S} {text}", flush=True)
