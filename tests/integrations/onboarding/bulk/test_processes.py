"""Creating organizations in several processes that are killed: each row is done once, and its secrets leave it."""

import random
import subprocess
import sys
import time

import pytest

from integrations.connections.models import Connection, CredentialCandidate, Installation
from integrations.jobs.models import Job
from integrations.onboarding import verification
from integrations.onboarding.bulk import imports, invitations
from integrations.onboarding.models import BulkImport, BulkRow, Verification
from portal.organizations.models import Organization
from tests.integrations.onboarding.bulk.files import keep
from tests.processes import ROOT
from tests.world import World

ROWS, ROUNDS = 60, 2

CREATE = """
import sys, django
django.setup()
from integrations.onboarding.bulk import imports
print("ready", flush=True)
sys.stdin.readline()
imports.apply_some(seconds=60)
"""


def creator(environment: dict[str, str]) -> "subprocess.Popen[str]":
    """Another process that creates what is confirmed, as a worker does, once it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-c", CREATE],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def go(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.mark.django_db(transaction=True)
def test_wherever_a_process_is_killed_each_row_is_created_once(
    sandbox: object, process_environment: dict[str, str]
) -> None:
    world = World(sandbox)  # type: ignore[arg-type]
    rows = [
        (f"Quarry Loans {number}", f"id-{number}", f"secret-{number}", f"a{number}@quarry.example")
        for number in range(ROWS)
    ]
    source = keep(world, *rows)
    imports.confirm(source, actor=world.operator)
    chance = random.Random(4)
    waiting = source.rows.filter(state=BulkRow.State.CONFIRMED)
    for _ in range(ROUNDS):
        both = [creator(process_environment) for _ in range(2)]
        left = waiting.count()
        for process in both:
            go(process)
        until = time.monotonic() + 120
        while waiting.count() == left and time.monotonic() < until:
            time.sleep(0.001)
        for process in both:
            time.sleep(chance.uniform(0, 0.03))
            process.kill()
            process.communicate(timeout=60)
            assert process.returncode == -9, "it had ended before it was killed"
    assert 0 < waiting.count() < ROWS
    imports.apply_some(seconds=60)

    source.refresh_from_db()
    assert source.state == BulkImport.State.APPLIED
    assert set(source.rows.values_list("state", flat=True)) == {BulkRow.State.APPLIED}
    assert not source.rows.exclude(client_secret=None).exists()
    assert source.rows.values("organization").distinct().count() == ROWS
    kinds = Job.objects.values_list("kind", flat=True)
    assert sorted(kinds) == sorted([verification.KIND, invitations.KIND] * ROWS)
    for model in (Organization, Installation, Connection, Verification, CredentialCandidate):
        assert model._default_manager.count() == ROWS, model.__name__
    row = source.rows.select_related("connection__candidate").get(number=ROWS + 1)
    assert row.connection.candidate.client_secret == f"secret-{ROWS - 1}"
