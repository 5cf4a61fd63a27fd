"""Tokens among processes: one request, however many find the token expired."""

import subprocess
import sys
from pathlib import Path

import pytest

from integrations.connections import installations
from integrations.connections.grants import client_credentials
from integrations.connections.models import Environment, Token
from portal.core import clock
from portal.organizations.models import Organization
from tests.processes import ROOT, sandbox_process

THREADS, PROCESSES = 13, 4

ASK = """
import sys, threading, django
django.setup()
from django.db import connections
from integrations.connections.tokens import access
from integrations.connections.models import Connection
connection = Connection.objects.get()
print("ready", flush=True)
sys.stdin.readline()
got = []
def ask():
    got.append(access.get_access_token(Connection.objects.get(pk=connection.pk))[-8:])
    connections.close_all()
threads = [threading.Thread(target=ask) for _ in range(int(sys.argv[1]))]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(*got)
"""


@pytest.mark.django_db(transaction=True)
def test_fifty_two_threads_in_four_processes_send_one_token_request(
    tmp_path: Path, settings, process_environment: dict[str, str]
) -> None:
    with sandbox_process(tmp_path) as sandbox:
        host = sandbox.address.removeprefix("http://")
        settings.ENVIRONMENT_HOSTS = [host]
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
        Token.objects.update(access_expires_at=None)
        before = len(sandbox.requests("/v1/token"))
        running = [
            subprocess.Popen(
                [sys.executable, "-c", ASK, str(THREADS)],
                cwd=ROOT,
                env={**process_environment, "ENVIRONMENT_HOSTS": host},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        for process in running:
            assert process.stdout and process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        got = [process.communicate(timeout=180)[0].split() for process in running]
        assert all(len(tokens) == THREADS for tokens in got)
        assert len(set().union(*got)) == 1
        assert len(sandbox.requests("/v1/token")) == before + 1
