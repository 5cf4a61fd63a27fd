"""Three workers on two hosts share one budget exactly: a whole minute of it, counted by the sandbox.

The hosts have names and data folders of their own and nothing in common but the database; where this process may, each
gets a namespace of its own for its name.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integrations.connections.models import Environment, GrantType
from tests.bench.budget_use import most_in_a_minute, seconds_of
from tests.integrations.connections.consented import consented_connection
from tests.processes import ROOT, sandbox_process

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True)]

LIMIT, SECONDS = 240, 75
HOSTS = {"one": 2, "two": 1}

CALL = """
import os, sys, threading, time, django
sys.path.insert(0, sys.argv[1])
django.setup()
from django.db import connections
from integrations.connections.client import client_for
from integrations.connections.models import Connection
from integrations.total_expert import TryLater
until = time.monotonic() + float(sys.argv[2])
def work():
    with client_for(Connection.objects.select_related("installation__environment").get()) as client:
        while time.monotonic() < until:
            try:
                client.contacts.list(size=1)
            except TryLater as later:
                time.sleep(min(later.after or 1, 1))
    connections.close_all()
threads = [threading.Thread(target=work) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_three_workers_on_two_hosts_share_one_budget_exactly(
    tmp_path: Path, settings: Any, process_environment: dict[str, str]
) -> None:
    with sandbox_process(tmp_path, calls_per_minute=LIMIT) as sandbox:
        host = sandbox.address.removeprefix("http://")
        settings.ENVIRONMENT_HOSTS = [host]
        consented_connection(sandbox, by=GrantType.CLIENT_CREDENTIALS)
        Environment.objects.update(calls_per_minute=LIMIT)
        running = []
        for name, workers in HOSTS.items():
            folder = tmp_path / name
            folder.mkdir()
            for _ in range(workers):
                command = [sys.executable, "-c", CALL, str(ROOT), str(SECONDS)]
                if os.getuid() == 0 and shutil.which("unshare"):
                    command = ["unshare", "--uts", "sh", "-c", f'hostname {name}; exec "$@"', "-", *command]
                environment = process_environment | {"ENVIRONMENT_HOSTS": host, "HOSTNAME": name}
                running.append(subprocess.Popen(command, cwd=folder, env=environment))
        assert [process.wait(SECONDS + 60) for process in running] == [0, 0, 0]
        log = [row for row in sandbox.ask("/_sandbox/requests?since=0") if row["path"].startswith("/v1/")]
    assert not [row for row in log if row["status"] == 429]
    most = most_in_a_minute([seconds_of(row["at"]) for row in log])
    assert 0.94 * LIMIT <= most <= LIMIT
