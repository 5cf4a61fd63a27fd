"""`manage.py work` as processes: whatever is killed, the work is done once and nothing is left behind."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import OperationalError
from django_q.conf import Conf

from integrations.connections.models import Installation
from integrations.jobs import queue, worker
from integrations.jobs.cluster.supervisor import Supervisor
from integrations.jobs.models import Job, JobState
from portal.encryption import known_keys
from tests.integrations.jobs.conftest import another_installation
from tests.integrations.jobs.jobs import counting, items_of
from tests.integrations.jobs.processes import alive, children, descendants, eventually
from tests.processes import ROOT

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
]
#: Seconds until a silent cluster counts as hung: short for tests that wait for this, long for those in which it must
#: not happen however busy the machine is.
SHORT, LONG = 8, 120
ITEMS = 20


@dataclass
class Work:
    """A running `manage.py work`."""

    process: "subprocess.Popen[bytes]"
    log: Path

    def below(self) -> list[int]:
        return descendants(self.process.pid)

    def main(self) -> int:
        """The main process of the cluster."""
        (pid,) = children(self.process.pid)
        return pid

    def sentinel(self) -> int:
        """The process that looks after the workers, when it has started them all."""
        everybody = 2 + Conf.WORKERS + 2
        eventually("the cluster has its workers", lambda: len(self.below()) == everybody)
        (pid,) = children(self.main())
        return pid

    def clusters(self) -> list[int]:
        """The clusters started so far."""
        return [int(pid) for pid in re.findall(r"Cluster (\d+) started", self.log.read_text())]

    def stop(self) -> float:
        """Ask it to end. Answers how many seconds that took."""
        before, below = time.monotonic(), self.below()
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()
        assert not any(map(alive, below))
        return time.monotonic() - before


@pytest.fixture
def patience() -> int:
    return LONG


@pytest.fixture
def work(process_environment: dict[str, str], tmp_path: Path, patience: int) -> Iterator[Work]:
    environment = {**process_environment, "DJANGO_SETTINGS_MODULE": "tests.integrations.jobs.worker_settings"}
    path = tmp_path / "work.log"
    command = [sys.executable, "manage.py", "work", f"--patience={patience}"]
    with path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    started = Work(process, path)
    yield started
    if process.poll() is None:
        started.stop()


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def slow(installation: Installation) -> Job:
    return counting(installation, items=ITEMS, seconds=0.15)


def worker_of(job: Job) -> int:
    """The process that works on a job, when it is in the middle of it."""
    eventually("somebody works on it", lambda: state(job) == JobState.RUNNING and job.done > 1)
    return int(job.lease_holder.split(":")[1])


def assert_each_item_once(job: Job) -> None:
    eventually("the job is done", lambda: state(job) in (JobState.DONE, JobState.FAILED))
    assert (job.state, items_of(job)) == (JobState.DONE, [f"item {number}" for number in range(ITEMS)])


def test_a_killed_worker_costs_no_item_and_repeats_none(work: Work, installation: Installation) -> None:
    job = slow(installation)
    os.kill(worker_of(job), signal.SIGKILL)
    assert_each_item_once(job)
    assert len(work.clusters()) == 1


@pytest.mark.parametrize("who", ["main", "sentinel"])
def test_a_cluster_that_loses_its_head_is_started_again(
    work: Work, installation: Installation, who: str
) -> None:
    job = slow(installation)
    worker_of(job)
    before = work.below()
    os.kill(work.main() if who == "main" else work.sentinel(), signal.SIGKILL)
    assert_each_item_once(job)
    assert len(work.clusters()) == 2
    assert not any(map(alive, before))


@pytest.mark.parametrize("patience", [SHORT])
def test_a_cluster_whose_idle_workers_were_killed_at_the_queue_works_again(
    work: Work, installation: Installation
) -> None:
    for pid in children(work.sentinel()):  # the one that holds the queue's lock is among them
        os.kill(pid, signal.SIGKILL)
    assert_each_item_once(slow(installation))


@pytest.mark.parametrize("patience", [SHORT])
def test_a_cluster_whose_workers_are_all_busy_is_not_taken_for_a_hung_one(
    work: Work, installation: Installation
) -> None:
    arguments = {"seconds": 1.75 * SHORT}
    jobs = [
        queue.start("tests.busy", installation=each, arguments=arguments)
        for each in (installation, *(another_installation(f"Elm{i}") for i in range(Conf.WORKERS - 1)))
    ]
    eventually("they are done", lambda: all(state(job) == JobState.DONE for job in jobs))
    assert [job.fence for job in jobs] == [1] * Conf.WORKERS
    assert len(work.clusters()) == 1


def test_a_stopped_worker_that_wakes_up_writes_nothing(work: Work, installation: Installation) -> None:
    job = slow(installation)
    sleeping = worker_of(job)
    os.kill(sleeping, signal.SIGSTOP)
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)  # its lease runs out
    assert_each_item_once(job)
    os.kill(sleeping, signal.SIGCONT)
    time.sleep(0.5)
    assert_each_item_once(job)


def test_a_job_that_kills_its_worker_is_stopped_after_a_few_attempts(
    work: Work, installation: Installation
) -> None:
    job = queue.start("tests.deadly", installation=installation)
    eventually("it has failed", lambda: state(job) == JobState.FAILED)
    assert f"{worker.MAX_ATTEMPTS} times" in job.problem
    assert len(work.clusters()) == 1


def test_told_to_stop_it_ends_at_once_and_the_job_loses_nothing(
    work: Work, installation: Installation
) -> None:
    job = queue.start("tests.busy", installation=installation, arguments={"seconds": 60})
    eventually("somebody works on it", lambda: state(job) == JobState.RUNNING)
    assert work.stop() < 40
    job.refresh_from_db()
    assert (job.attempts, job.lease_holder) == (0, "")
    Job.objects.filter(pk=job.pk).update(arguments={"seconds": 0})
    assert queue.run_now(job).state == JobState.DONE


def test_as_long_as_it_runs_it_is_known_which_keys_it_has(work: Work) -> None:
    eventually("it has reported", lambda: [row.keys for row in known_keys.running()] == [["test"]])
    (process,) = known_keys.running()
    assert process.process.startswith("worker ") and process.process.endswith(f":{work.process.pid}")
    work.stop()
    assert known_keys.running() == []


def test_killing_the_supervisor_leaves_no_process_behind(work: Work) -> None:
    work.sentinel()
    below = work.below()
    work.process.kill()
    work.process.wait(60)
    eventually("they are gone", lambda: not any(map(alive, below)))


def test_a_database_that_is_away_is_said_once_and_does_not_end_the_supervisor() -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append)

    def fail() -> None:
        raise OperationalError("the server closed the connection")

    for work in (fail, fail, lambda: None, lambda: None, fail):
        supervisor._safely(work)
    assert [line.partition("(")[0].strip() for line in lines] == [
        "Cannot process jobs",
        "Processing jobs again.",
        "Cannot process jobs",
    ]
