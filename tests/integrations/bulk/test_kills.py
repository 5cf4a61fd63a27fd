"""Applying a plan in real processes that are killed again and again: every row has one true outcome."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.http import QueryDict

from integrations.bulk import planning, verbs
from integrations.bulk.models import Plan, PlanState, RowState
from integrations.bulk.operations import Operations
from integrations.connections.client import client_for
from integrations.directory.browse.chosen import Chosen
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from tests.integrations.directory.sync.test_processes import connected, eventually
from tests.portal.people import person
from tests.processes import ROOT, sandbox_process

pytestmark = pytest.mark.django_db(transaction=True)


def kill_sender() -> bool:
    """Send SIGKILL to the process that is applying the plan, if one is."""
    job = Job.objects.filter(kind="bulk.apply", state="running").first()
    if job is None or not job.lease_holder:
        return False
    try:
        os.kill(int(job.lease_holder.split(":")[1]), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(("contacts", "kills"), [(300, 5), pytest.param(2000, 100, marks=pytest.mark.soak)])
def test_wherever_the_worker_is_killed_each_row_reported_done_is_done(
    tmp_path: Path, settings: Any, process_environment: dict[str, str], contacts: int, kills: int
) -> None:
    operator = person("olivia@partner.example", operator=True)
    with sandbox_process(tmp_path, contacts=contacts, latency_ms=60) as sandbox:
        host = sandbox.address.removeprefix("http://")
        settings.ENVIRONMENT_HOSTS = [host]
        connection = connected(sandbox)
        queue.run_now(sync_jobs.start(connection=connection))
        chosen = QueryDict(mutable=True)
        chosen.update({"all": "1", "query": ""})
        plan = planning.create(
            installation=connection.installation,
            operations=Operations.checked(fields={"city": "Duluth"}),
            chosen=Chosen.read(chosen),
            actor=operator,
        )
        job = Job.objects.get(kind="bulk.build")
        queue.run_now(job)
        plan.refresh_from_db()
        assert plan.counts() == {RowState.PLANNED: contacts}
        verbs.apply(plan, actor=operator, digest=plan.digest, typed_count=contacts)
        chance = random.Random(11)
        with (tmp_path / "work.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, "manage.py", "work"],
                cwd=ROOT,
                env={**process_environment, "ENVIRONMENT_HOSTS": host},
                stdout=log,
                stderr=log,
            )
        try:
            for _ in range(kills):
                settled = plan.rows.filter(state=RowState.DONE).count()
                eventually(
                    "more rows are done",
                    lambda seen=settled: plan.rows.filter(state=RowState.DONE).count() > seen,  # type: ignore[misc]
                )
                time.sleep(chance.uniform(0, 0.4))
                if Plan.objects.get(pk=plan.pk).state == PlanState.APPLIED or not kill_sender():
                    break
            eventually("the plan is applied", lambda: Plan.objects.get(pk=plan.pk).state == PlanState.APPLIED)
        finally:
            worker.terminate()
            worker.wait(60)
        assert plan.counts() == {RowState.DONE: contacts}
        there = {contact.id: contact.city for contact in client_for(connection).contacts.all()}
        assert set(there.values()) == {"Duluth"} and len(there) == contacts
