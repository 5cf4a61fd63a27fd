"""Applying a bulk edit against a bare loop that sends the same changes, and preparing a plan of 100,000 contacts."""

import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure
from tests.processes import sandbox_process

ROWS, PLANNED = 10_000, 100_000


def measure() -> dict[str, Figure]:
    """Return the speed as a part of the bare loop's, the calls for each row, and the seconds and memory of a plan."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox_process(Path(folder), patience=300, organizations=1, contacts=ROWS) as sandbox,
    ):
        host = sandbox.address.removeprefix("http://")
        found = portal.run_inside(
            portal.variables(Path(folder), sandbox=host), "tests.bench.bulk_edit", sandbox.address
        )
    speed = found["bare"] / found["applied"]
    calls = found["calls"] / ROWS
    return {
        "bulk-edit": {
            "measured": round(speed, 2),
            "target": 0.8,
            "unit": "×",
            "met": speed >= 0.8,
            "detail": f"{ROWS:,} contacts in {found['applied']:.0f} s, a bare loop in {found['bare']:.0f} s, limits off",
        },
        "bulk-edit-calls": {
            "measured": round(calls, 3),
            "target": 1.02,
            "unit": "calls a row",
            "met": calls <= 1.02,
            "detail": f"{found['calls']:,} calls, with the syncs before and after",
        },
        "bulk-plan": {
            "measured": round(found["planned"], 1),
            "target": 15.0,
            "unit": "s",
            "met": found["planned"] <= 15,
            "detail": f"a plan of {PLANNED:,} contacts; the process grew by {found['grown']:.0f} MiB meanwhile",
        },
    }


def inside(address: str) -> None:
    """Connect, sync, and measure. Runs in a process with the portal's settings."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from integrations.bulk import verbs
    from integrations.bulk.models import Plan
    from integrations.connections.client import client_for
    from integrations.connections.models import Call
    from integrations.directory.models import Contact
    from integrations.directory.sync import jobs as sync_jobs
    from integrations.jobs import queue
    from integrations.jobs.models import Job, JobState
    from tests.integrations.directory.sync.test_processes import connected
    from tests.portal.people import person
    from tests.processes import SandboxProcess

    operator = person("olivia@partner.example", operator=True)
    connection = connected(SandboxProcess(address))

    def run_all() -> float:
        """Run all jobs to their ends. Return the seconds that applying took."""
        taken = 0.0
        while waiting := list(Job.objects.filter(state=JobState.WAITING).order_by("pk")):
            for job in waiting:
                began = time.perf_counter()
                queue.run_now(job)
                taken += time.perf_counter() - began if job.kind == "bulk.apply" else 0
            time.sleep(0.05)
        return taken

    sync_jobs.start(connection=connection)
    run_all()
    ids = list(Contact.objects.values_list("remote_id", flat=True))
    assert len(ids) == ROWS
    plan = _plan(connection.installation, operator, "Edit")
    run_all()
    plan.refresh_from_db()
    before = Call.objects.count()
    verbs.apply(plan, actor=operator, digest=plan.digest, typed_count=ROWS)
    applied = run_all()
    assert Plan.objects.get(pk=plan.pk).counts() == {"done": ROWS}
    calls = Call.objects.count() - before

    with client_for(connection) as client:
        began = time.perf_counter()
        done = list(client.contacts.update_each(((id, {"nickname": "Bare"}) for id in ids), concurrency=4))
        bare = time.perf_counter() - began
    assert all(error is None for _, error in done)

    _fill(connection.installation)
    grown = -resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _plan(connection.installation, operator, "Large")
    began = time.perf_counter()
    run_all()
    planned = time.perf_counter() - began
    grown += resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert Plan.objects.latest("pk").counts() == {"planned": PLANNED}
    found = {"bare": bare, "applied": applied, "calls": calls, "planned": planned, "grown": grown / 1024}
    print(json.dumps(found))


def _plan(installation: Any, operator: Any, nickname: str) -> Any:
    from django.http import QueryDict

    from integrations.bulk import planning
    from integrations.bulk.operations import Operations
    from integrations.directory.browse.chosen import Chosen

    return planning.create(
        installation=installation,
        operations=Operations.checked(fields={"nickname": nickname}),
        chosen=Chosen.read(QueryDict("all=1&query=")),
        actor=operator,
    )


def _fill(installation: Any) -> None:
    """Add contacts to the synced copy up to `PLANNED`."""
    from integrations.directory.models import Contact, Document

    sample = Contact.objects.select_related("document").first()
    assert sample is not None
    for first in range(ROWS, PLANNED, 5_000):
        rows = Contact.objects.bulk_create(
            Contact(
                installation=installation,
                remote_id=10_000_000 + number,
                owner_id=sample.owner_id,
                first_name="Ann",
                last_name=f"Quill {number}",
                search=f"ann quill {number}",
                sort_name=f"quill {number}",
                digest="0",
                first_seen_at=sample.first_seen_at,
                synced_at=sample.synced_at,
            )
            for number in range(first, first + 5_000)
        )
        Document.objects.bulk_create(Document(contact=row, raw=sample.document.raw) for row in rows)


if __name__ == "__main__":
    inside(*sys.argv[1:])
