"""The portal behind PgBouncer in transaction mode, which hands each transaction to any server connection."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from portal.accounts.models import User
from portal.organizations.models import Organization
from tests.conftest import database_url
from tests.processes import ROOT, free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]
ORGANIZATIONS, THREADS, SERVER_CONNECTIONS = 200, 8, 4
#: Create organizations in several threads, read with an iterator, and print how many were created.
CREATE = f"""
import django; django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.db import connection
from portal.accounts.models import User
from portal.organizations import organizations
from portal.organizations.models import Organization
operator = User.objects.get()

def create(number):
    organizations.create(name=f"Lender {{number}}", actor=operator)
    return sum(1 for _ in Organization.objects.iterator(chunk_size=10)) > 0

with ThreadPoolExecutor({THREADS}) as pool:
    print(sum(pool.map(create, range({ORGANIZATIONS}))))
"""


@pytest.fixture
def pgbouncer(tmp_path: Path) -> Iterator[str]:
    """Run PgBouncer in front of this test's database. Yield the DATABASE_URL that leads through it."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        pytest.skip("PgBouncer is not installed: apt-get install pgbouncer")
    parts, port = urlsplit(database_url()), free_port()
    name = parts.path.lstrip("/")
    (tmp_path / "users").write_text(f'"{parts.username}" "{parts.password or ""}"\n')
    (tmp_path / "ini").write_text(
        f"[databases]\n{name} = host={parts.hostname} port={parts.port or 5432} dbname={name}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = trust\n"
        f"auth_file = {tmp_path}/users\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
    )
    command = [program, str(tmp_path / "ini")]
    if os.getuid() == 0:  # it refuses to run as root
        nobody = pwd.getpwnam("nobody")
        for path in (tmp_path, *tmp_path.iterdir()):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        for parent in list(tmp_path.parents)[:3]:
            if parent != Path("/tmp"):
                parent.chmod(parent.stat().st_mode | 0o011)
        command = [program, "-u", "nobody", str(tmp_path / "ini")]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < until, (tmp_path / "log").read_text()
                time.sleep(0.05)
        yield f"postgres://{parts.username}@127.0.0.1:{port}/{name}"
    finally:
        process.terminate()
        process.wait(30)


def test_eight_threads_share_four_server_connections(
    pgbouncer: str, process_environment: dict[str, str]
) -> None:
    User.objects.create_superuser("operator@partner.example")
    done = subprocess.run(
        [sys.executable, "-c", CREATE],
        cwd=ROOT,
        env={**process_environment, "DATABASE_URL": pgbouncer},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == ORGANIZATIONS
    assert Organization.objects.count() == ORGANIZATIONS
    assert "Traceback" not in done.stderr
