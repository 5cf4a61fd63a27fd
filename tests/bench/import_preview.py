"""Preparing the import of a file with 500,000 rows: seconds and memory, from its bytes to a plan that can be reviewed."""

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import portal
from tests.bench.__main__ import Figure
from tests.processes import sandbox_process

ROWS, CONTACTS, MOST_MIB = 500_000, 5_000, 200


def measure() -> dict[str, Figure]:
    """Return the memory that the process grows by, and the seconds for 100,000 rows."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox_process(Path(folder), patience=300, organizations=1, contacts=CONTACTS) as sandbox,
    ):
        host = sandbox.address.removeprefix("http://")
        found = portal.run_inside(
            portal.variables(Path(folder), sandbox=host),
            "tests.bench.import_preview",
            sandbox.address,
            str(ROWS),
        )
    detail = (
        f"{ROWS:,} rows, {found['bytes'] / 2**20:.0f} MB, in {found['seconds']:.0f} s: {found['created']:,} new contacts, "
        f"{found['known']:,} known; {found['worked']:.0f} s of it at work in this process"
    )
    return {
        "import-preview": {
            "measured": round(found["grown"]),
            "target": MOST_MIB,
            "unit": "MiB",
            "met": found["grown"] <= MOST_MIB,
            "detail": detail,
        }
    }


def inside(address: str, rows: str) -> None:
    """Connect, sync, import and measure. Runs in a process with the portal's settings."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from integrations.bulk.files import mapping, plans, uploads
    from integrations.bulk.files.mapping import Mapping
    from integrations.bulk.models import Plan, PlanState, RowAction
    from integrations.directory.models import Contact, Owner
    from integrations.directory.sync import jobs as sync_jobs
    from integrations.jobs import queue
    from integrations.jobs.models import Job, JobState
    from tests.integrations.directory.sync.test_processes import connected
    from tests.portal.people import person
    from tests.processes import SandboxProcess

    def run_all() -> None:
        """Run all jobs to their ends."""
        while waiting := list(Job.objects.filter(state=JobState.WAITING).order_by("pk")):
            for job in waiting:
                queue.run_now(job)

    count = int(rows)
    operator = person("olivia@partner.example", operator=True)
    connection = connected(SandboxProcess(address))
    sync_jobs.start(connection=connection)
    run_all()
    owner = Owner.objects.filter(contacts__isnull=False)[0]
    known = list(Contact.objects.filter(owner=owner).values_list("first_name", "last_name", "email"))
    path = Path(tempfile.mkstemp(suffix=".csv")[1])
    with path.open("w") as file:
        file.writelines(_lines(count, known))
    size = path.stat().st_size

    before = _memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
    began, worked = time.perf_counter(), time.process_time()
    upload = uploads.start(connection.installation, operator, name="people.csv", size=size)
    with path.open("rb") as source:
        for number in range(1, -(-size // uploads.PIECE) + 1):
            uploads.receive(upload, number, source.read(uploads.PIECE))
    path.unlink()
    chosen = Mapping(tuple(mapping.suggest(upload.heads)), owner.remote_id)
    plan = plans.create(upload, chosen, actor=operator)
    run_all()
    seconds = time.perf_counter() - began
    worked = time.process_time() - worked
    grown = _memory("VmHWM") - before
    plan = Plan.objects.get(pk=plan.pk)
    assert plan.state == PlanState.READY, plan.problem
    created = plan.rows.filter(action=RowAction.CREATE).count()
    found = {"seconds": seconds, "worked": worked, "grown": grown, "bytes": size, "created": created}
    print(json.dumps({**found, "known": plan.rows.exclude(contact=None).count()}))


def _memory(name: str) -> float:
    """Return the memory of this process in MiB: VmRSS what it has, VmHWM the most that it has had."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status[name].split()[0]) / 1024


def _lines(count: int, known: list[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a file in which some rows are about contacts that exist."""
    yield "First name,Last name,Email,Mobile,Street,City,State,Zip,Source,External ID\n"
    every = count // max(len(known), 1)
    for number in range(count):
        first, last, email = f"Ann{number % 997}", f"Quill{number % 40_009}", f"ann{number}@new.example"
        if known and number % every == 0 and number // every < len(known):
            first, last, email = known[number // every]
        phone = f"612-{number // 10_000:03}-{number % 10_000:04}"
        yield f"{first},{last},{email},{phone},{number} Elm St,Ely,MN,55731,Open house,E{number}\n"


if __name__ == "__main__":
    inside(*sys.argv[1:])
