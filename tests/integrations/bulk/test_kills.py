"""Applying a plan in real processes that are killed again and again: every row has one true outcome."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from integrations import total_expert
from integrations.bulk import planning, verbs
from integrations.bulk.models import OPEN_ROWS, Plan, PlanState, RowState
from integrations.bulk.operations import Operations
from integrations.connections.client import client_for
from integrations.directory.browse.chosen import Chosen
from integrations.directory.sync import jobs as sync_jobs
from integrations.jobs import queue
from integrations.jobs.models import Job
from portal.accounts.models import User
from tests.integrations.directory.sync.test_processes import connected, eventually
from tests.portal.people import person
from tests.processes import ROOT, free_port, sandbox_runner

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 2000


def kill_sender() -> None:
    """Send SIGKILL to the process that is applying the plan, if one is."""
    job = Job.objects.filter(kind="bulk.apply", state="running").first()
    if job is not None and job.lease_holder:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(job.lease_holder.split(":")[1]), signal.SIGKILL)


class Web:
    """The portal's web server, which shows the plan to a signed-in person."""

    def __init__(self, environment: dict[str, str], plan: Plan, user: User) -> None:
        self._environment, self._port = environment, free_port()
        self._path = reverse("bulk_edit", args=[plan.installation.organization.slug, plan.pk])
        client = Client()
        client.force_login(user)
        self._cookie = f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"
        self.start()

    def start(self) -> None:
        command = [
            sys.executable,
            "-m",
            "gunicorn",
            "portal.wsgi",
            "--bind",
            f"127.0.0.1:{self._port}",
            "--timeout",
            "300",
        ]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def kill(self) -> None:
        """Send SIGKILL to all its processes and start it again."""
        self.stop(signal.SIGKILL)
        self.start()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        os.killpg(self._process.pid, how)
        self._process.wait(60)

    def page(self) -> str:
        """Return the plan's page, or "" while the server doesn't answer."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{self._path}", headers={"Cookie": self._cookie}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=60
            ) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""


@pytest.mark.parametrize(
    ("kills", "is_canceled"), [(5, True), pytest.param(100, False, marks=pytest.mark.soak)]
)
def test_whatever_is_killed_each_row_has_one_true_outcome(
    tmp_path: Path, settings: Any, process_environment: dict[str, str], kills: int, is_canceled: bool
) -> None:
    operator = person("olivia@partner.example", operator=True)
    with sandbox_runner(tmp_path, contacts=ROWS, latency_ms=20) as runner:
        host = runner.sandbox.address.removeprefix("http://")
        settings.ENVIRONMENT_HOSTS = [host]
        environment = {**process_environment, "ENVIRONMENT_HOSTS": host, "ALLOWED_HOSTS": "127.0.0.1"}
        connection = connected(runner.sandbox)
        queue.run_now(sync_jobs.start(connection=connection))
        before = cities(client_for(connection))
        plan = planned(connection, operator)
        verbs.apply(plan, actor=operator, digest=plan.digest, typed_count=ROWS)
        web = Web({**environment, "DEBUG": "1"}, plan, operator)  # needs no collected static files
        with (tmp_path / "work.log").open("wb") as log:
            command = [sys.executable, "manage.py", "work"]
            worker = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        try:
            kill_at_random(plan, kills, [kill_sender, runner.kill, web.kill])
            if is_canceled:
                plan.refresh_from_db()
                verbs.cancel(plan, actor=operator)
            open_rows = plan.rows.filter(state__in=OPEN_ROWS)
            eventually("no row is open", lambda: not open_rows.exists())
            ended = "Canceled" if is_canceled else "Applied"
            eventually("the page says how it ended", lambda: ended in web.page())
        finally:
            web.stop()
            worker.terminate()
            worker.wait(60)
        there = cities(client_for(connection))
        for row in plan.rows.all():
            assert row.state in (RowState.DONE, RowState.CANCELED if is_canceled else RowState.DONE)
            assert row.remote_id is not None
            expected = "Duluth" if row.state == RowState.DONE else before[row.remote_id]
            assert there[row.remote_id] == expected, row.state
        assert len(there) == ROWS and plan.rows.count() == ROWS


def cities(client: total_expert.Client) -> dict[int, str]:
    with client:
        return {contact.id: contact.city for contact in client.contacts.all()}


def planned(connection: Any, operator: User) -> Plan:
    """Return a built plan that moves every contact to Duluth."""
    plan = planning.create(
        installation=connection.installation,
        operations=Operations.checked(fields={"city": "Duluth"}),
        chosen=Chosen.read(QueryDict("all=1&query=")),
        actor=operator,
    )
    queue.run_now(Job.objects.get(kind="bulk.build"))
    plan.refresh_from_db()
    assert plan.counts() == {RowState.PLANNED: ROWS}
    return plan


def kill_at_random(plan: Plan, kills: int, victims: list[Callable[[], None]]) -> None:
    """Kill one of ``victims`` each time some more rows are done, until none is left or that many were killed."""
    chance = random.Random(11)
    for number in range(kills):
        seen = plan.rows.filter(state=RowState.DONE).count()
        eventually(
            "more rows are done",
            lambda seen=seen: plan.rows.filter(state=RowState.DONE).count() > seen,  # type: ignore[misc]
        )
        if Plan.objects.get(pk=plan.pk).state == PlanState.APPLIED:
            return
        time.sleep(chance.uniform(0, 0.3))
        victims[number % len(victims)]()
