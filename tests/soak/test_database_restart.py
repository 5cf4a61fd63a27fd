"""A job under a real worker outlives a restart of PostgreSQL without waiting for its lease."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, free_port

pytestmark = pytest.mark.soak
#: Less than the duration of a lease, which is three minutes.
AT_MOST = 90
#: Start a job that counts slowly, and print its id.
START = """
import django; django.setup()
from integrations.connections.models import Environment, Installation
from integrations.jobs import queue
from portal.core import clock
from portal.organizations.models import Organization
at = clock.now()
environment = Environment.objects.create(
    name="ct", label="CT", base_url="https://api.example/v1", authorize_url="https://api.example/v1/authorize"
)
organization = Organization.objects.create(name="Cedar", slug="cedar", created_at=at)
installation = Installation.objects.create(organization=organization, environment=environment, created_at=at)
print(queue.start("tests.count", installation=installation, arguments={"items": 40, "seconds": 0.5}).pk)
"""
#: Print a job's state, how many items it has done, and its log.
SHOW = """
import json, sys, django; django.setup()
from integrations.jobs.models import Job
job = Job.objects.get(pk=sys.argv[1])
print(json.dumps([job.state, job.done, [line.text for line in job.lines.all()]]))
"""


class Cluster:
    """A private PostgreSQL cluster that can be restarted."""

    def __init__(self, folder: Path) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        found = programs[-1] if programs else shutil.which("initdb")
        if found is None:
            pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
        self.folder, self.programs, self.port = folder, Path(found).parent, free_port()
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "postgres")
        self.run("initdb", "--username=portal", "--auth=trust", "--encoding=UTF8", "--no-sync")
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        )
        self.control("start", f"--options={options}")

    @property
    def url(self) -> str:
        return f"postgres://portal@127.0.0.1:{self.port}/postgres"

    def control(self, *arguments: str) -> None:
        self.run("pg_ctl", f"--log={self.folder}/log", "--silent", "--wait", *arguments)

    def run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), f"--pgdata={self.folder}/data", *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self.folder, timeout=120)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path("/tmp") / f"portal-restart-{os.getpid()}"
    folder.mkdir(mode=0o700)
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.control("stop", "--mode=immediate")
        shutil.rmtree(folder)


def test_a_job_goes_on_after_the_database_restarts(cluster: Cluster, tmp_path: Path) -> None:
    keys = subprocess.run(
        [sys.executable, "manage.py", "make_keys"], cwd=ROOT, capture_output=True, text=True
    )
    variables = {
        **os.environ,
        **dict(line.split("=", 1) for line in keys.stdout.split()),
        "DATABASE_URL": cluster.url,
        "DJANGO_SETTINGS_MODULE": "tests.integrations.jobs.worker_settings",
    }

    def python(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=180
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def done_items() -> tuple[str, int, list[str]]:
        state, done, lines = json.loads(python("-c", SHOW, job))
        return state, done or 0, lines

    python("manage.py", "migrate", "--verbosity", "0")
    job = python("-c", START).strip()
    with (tmp_path / "work.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "work"], cwd=ROOT, env=variables, stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 120
        while done_items()[1] < 3:
            assert time.monotonic() < until, (tmp_path / "work.log").read_text()
        cluster.control("restart", "--mode=fast")
        restarted = time.monotonic()
        while done_items()[0] != "done":
            assert time.monotonic() - restarted < AT_MOST, (done_items(), (tmp_path / "work.log").read_text())
    finally:
        worker.terminate()
        worker.wait(60)
    lines = done_items()[2]
    assert "The database was unavailable. Continuing." in lines
    assert [line for line in lines if line.startswith("item")] == [f"item {number}" for number in range(40)]
