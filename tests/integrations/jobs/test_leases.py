"""Who holds a job, and whether that process still lives."""

import datetime as dt
import os
import subprocess
import sys

import pytest

from integrations.connections.models import Installation
from integrations.jobs import leases, worker
from integrations.jobs.models import Job, JobState
from portal.core import clock
from tests.integrations.jobs.jobs import counting

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells when a process began"),
]


def test_this_process_is_not_gone() -> None:
    assert leases.local_pid(leases.process_name()) == os.getpid()
    assert not leases.has_exited(leases.process_name())


def test_an_id_that_came_round_again_is_another_process() -> None:
    name, _, mark = leases.process_name().rpartition(":")
    assert leases.has_exited(f"{name}:{int(mark) + 1}")


def test_a_process_that_ended_is_gone_even_before_its_parent_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = f"{leases.host_name()}:{process.pid}:{leases._start_ticks(process.pid)}"
        assert not leases.has_exited(name)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert leases.has_exited(name)


def test_nothing_is_known_of_processes_elsewhere() -> None:
    assert leases.local_pid("otherhost/12345678/1:42:99") is None
    assert not leases.has_exited("otherhost/12345678/1:42:99")


def test_the_name_of_a_holder_fits_its_column() -> None:
    longest = Job._meta.get_field("lease_holder").max_length
    assert longest is not None and len(leases.process_name()) <= longest
    assert 60 + len("/12345678/4294967295:4194304:") + 20 <= longest


def held_by(job: Job, name: str) -> None:
    assert worker.claim(job.pk) is not None
    Job.objects.filter(pk=job.pk).update(lease_holder=name)


def test_a_job_of_a_dead_worker_can_be_begun_at_once_and_its_slice_counts(installation: Installation) -> None:
    job = counting(installation)
    held_by(job, leases.process_name() + "0")
    assert worker.claim(job.pk) is None
    assert leases.release_dead_leases(clock.now()) == [job.pk]
    assert worker.claim(job.pk) is not None
    job.refresh_from_db()
    assert job.attempts == 2


def test_a_worker_that_we_killed_costs_its_job_no_attempt(installation: Installation) -> None:
    job = counting(installation)
    held_by(job, leases.process_name() + "0")
    assert leases.release_dead_leases(clock.now(), killed_by_us=True) == [job.pk]
    job.refresh_from_db()
    assert job.attempts == 0


@pytest.mark.parametrize("name", ["living", "elsewhere"])
def test_other_jobs_keep_their_leases(installation: Installation, name: str) -> None:
    job = counting(installation)
    held_by(job, leases.process_name() if name == "living" else "otherhost/12345678/1:42:99")
    assert leases.release_dead_leases(clock.now()) == []
    assert worker.claim(job.pk) is None


def test_a_clock_that_is_put_back_keeps_no_job_waiting_for_as_long_as_it_was_ahead(
    installation: Installation,
) -> None:
    waiting, held = counting(installation), counting(installation)
    ahead = clock.now() + dt.timedelta(days=30)
    Job.objects.filter(pk=waiting.pk).update(waits_until=ahead, state=JobState.WAITING)
    assert worker.claim(held.pk) is not None
    Job.objects.filter(pk=held.pk).update(lease_expires_at=ahead)
    assert set(leases.due_jobs(clock.now())) == {waiting, held}
    Job.objects.filter(pk=waiting.pk).update(waits_until=clock.now() + dt.timedelta(hours=1))
    assert set(leases.due_jobs(clock.now())) == {held}


def test_a_lease_that_was_taken_a_moment_after_the_time_was_read_is_not_free(
    installation: Installation,
) -> None:
    read = clock.now()
    job = counting(installation)
    assert worker.claim(job.pk) is not None
    assert not leases.due_jobs(read - dt.timedelta(seconds=2)).exists()
