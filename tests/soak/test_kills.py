"""Syncs whose worker or whole supervisor is killed again and again end with a mirror that equals Total Expert."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from integrations.connections.client import client_for
from integrations.directory.models import Contact, Membership
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from tests.integrations.directory.sync.test_processes import connected
from tests.processes import ROOT, sandbox_process

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]
CONTACTS = 3000
#: How often something is killed; SOAK_KILLS in the environment says otherwise.
KILLS = int(os.environ.get("SOAK_KILLS", "100"))
#: Every so often it is the supervisor, otherwise whoever holds the job.
SUPERVISOR_EVERY = 4
#: Seconds for the last sync to end after the last kill.
PATIENCE = 120


def work(environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )


def kill_holder(job: Job) -> bool:
    """SIGKILL to the process that holds the job's lease, if one does."""
    job.refresh_from_db()
    if not job.lease_holder:
        return False
    try:
        os.kill(int(job.lease_holder.split(":")[1]), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def test_a_mirror_survives_any_number_of_kills(
    tmp_path: Path, settings: Any, process_environment: dict[str, str]
) -> None:
    chance = random.Random(7)
    with sandbox_process(tmp_path, contacts=CONTACTS, latency_ms=20) as sandbox:
        host = sandbox.address.removeprefix("http://")
        settings.ENVIRONMENT_HOSTS = [host]
        connection = connected(sandbox)
        environment = {**process_environment, "ENVIRONMENT_HOSTS": host}
        log = tmp_path / "work.log"
        supervisor = work(environment, log)
        killed = 0
        try:
            job = jobs.start(connection=connection, full=True)
            while killed < KILLS:
                time.sleep(chance.uniform(0.1, 1.5))
                job.refresh_from_db()
                if not job.is_active:
                    # a job that makes no way five times in a row is stopped: killed that often, some are
                    job = jobs.start(connection=connection, full=True)
                if killed % SUPERVISOR_EVERY == SUPERVISOR_EVERY - 1:
                    supervisor.kill()
                    supervisor.wait(10)
                    supervisor = work(environment, log)
                    killed += 1
                else:
                    killed += kill_holder(job)
            job = jobs.start(connection=connection, full=True)
            until = time.monotonic() + PATIENCE
            while Job.objects.get(pk=job.pk).is_active:
                assert time.monotonic() < until, "the sync did not end after the last kill"
                time.sleep(0.5)
        finally:
            supervisor.terminate()
            supervisor.wait(30)
        job.refresh_from_db()
        if job.state != "done":  # stopped by the kills: nobody disturbs this one
            job = queue.run_now(jobs.start(connection=connection, full=True))
        assert job.state == "done", job.problem
        remote = {contact.id: contact for contact in client_for(connection).contacts.all()}
        assert dict(Contact.objects.values_list("remote_id", "document__raw")) == {
            id: contact.raw for id, contact in remote.items()
        }
        assert Membership.objects.count() == sum(len(each.contact_groups) for each in remote.values())
        assert len(sandbox.requests("/v1/token")) == 1, "a killed worker cost a token"
