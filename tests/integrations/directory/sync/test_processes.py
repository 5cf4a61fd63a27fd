"""A sync in real processes that continues after its worker is killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from integrations.connections import installations
from integrations.connections.client import client_for
from integrations.connections.grants import client_credentials
from integrations.connections.models import Connection, Environment
from integrations.directory.models import Contact, Membership
from integrations.directory.sync import jobs
from integrations.jobs.models import Job
from portal.core import clock
from portal.organizations.models import Organization
from tests.processes import ROOT, SandboxProcess, sandbox_process

pytestmark = pytest.mark.django_db(transaction=True)
CONTACTS = 1500


def connected(sandbox: SandboxProcess) -> Connection:
    """Return an active admin connection to the first organization of a sandbox."""
    environment = Environment.objects.create(
        name="sandbox",
        label="Sandbox",
        base_url=f"{sandbox.address}/v1",
        authorize_url=f"{sandbox.address}/v1/authorize",
        tokens_per_hour=0,
        calls_per_minute=0,
    )
    theirs = sandbox.credentials["organizations"][0]
    organization = Organization.objects.create(name=theirs["name"], slug="one", created_at=clock.now())
    connection = client_credentials.propose(
        installation=installations.get_or_create(organization, environment),
        client_id=theirs["client_id"],
        client_secret=theirs["client_secret"],
        actor=None,
    )
    client_credentials.activate_candidate(connection)
    return Connection.objects.get(pk=connection.pk)


def eventually(what: str, true: Callable[[], Any], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def kill_worker_of(job: Job) -> None:
    """Send SIGKILL to the process that holds the job's lease."""
    job.refresh_from_db()
    os.kill(int(job.lease_holder.split(":")[1]), signal.SIGKILL)


def test_a_sync_is_complete_although_its_worker_is_killed_twice(
    tmp_path: Path, settings: Any, process_environment: dict[str, str]
) -> None:
    with sandbox_process(tmp_path, contacts=CONTACTS, latency_ms=40) as sandbox:
        settings.ENVIRONMENT_HOSTS = [sandbox.address.removeprefix("http://")]
        connection = connected(sandbox)
        job = jobs.start(connection=connection)
        with (tmp_path / "work.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "work"],
                cwd=ROOT,
                env={**process_environment, "ENVIRONMENT_HOSTS": settings.ENVIRONMENT_HOSTS[0]},
                stdout=log,
                stderr=log,
            )
        try:
            eventually("some contacts are stored", lambda: Contact.objects.count() > CONTACTS / 5)
            kill_worker_of(job)
            eventually("more contacts are stored", lambda: Contact.objects.count() > CONTACTS / 2)
            kill_worker_of(job)
            eventually("the sync is over", lambda: not Job.objects.get(pk=job.pk).is_active)
        finally:
            worker.terminate()
            worker.wait(60)
        job.refresh_from_db()
        assert (job.state, job.done, job.failed) == ("done", CONTACTS, 0)
        remote = {contact.id: contact for contact in client_for(connection).contacts.all()}
        assert dict(Contact.objects.values_list("remote_id", "document__raw")) == {
            id: contact.raw for id, contact in remote.items()
        }
        assert Membership.objects.count() == sum(len(c.contact_groups) for c in remote.values())
