"""How much of the allowed calls a bulk edit uses, that none is refused, and the calls it needs for each contact."""

import sys
import tempfile
import time
from pathlib import Path

from tests.bench import portal
from tests.bench.__main__ import Figure
from tests.bench.budget_use import clock_of, seconds_of, start_worker
from tests.processes import sandbox_process

LIMIT, LATENCY, ROWS = 1000, 200, 3500
#: Seconds after the first change from which the use is measured.
WARM_UP = 20.0


def measure() -> dict[str, Figure]:
    """Return the used part of the allowed calls while rows are sent, and the calls for each row."""
    options = {"organizations": 1, "contacts": ROWS, "calls_per_minute": LIMIT, "latency_ms": LATENCY}
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox_process(Path(folder), patience=300, **options) as sandbox,
    ):
        variables = portal.variables(Path(folder), sandbox=sandbox.address.removeprefix("http://"))
        portal.run_inside(variables, "tests.bench.bulk_edit_limited", "prepare", sandbox.address)
        time.sleep(61)  # the calls of the preparation no longer count
        begun = clock_of(sandbox)
        worker = start_worker(variables | {"WORKERS": "2"}, Path(folder) / "work.log")
        try:
            portal.run_inside(variables, "tests.bench.bulk_edit_limited", "wait", sandbox.address)
        finally:
            worker.terminate()
            worker.wait(60)
        log = [row for row in sandbox.ask("/_sandbox/requests?since=0") if seconds_of(row["at"]) >= begun]
    changes = [seconds_of(row["at"]) for row in log if row["method"] == "PATCH"]
    first, last = min(changes) + WARM_UP, max(changes)
    sent = sum(first <= seconds_of(row["at"]) < last for row in log if row["path"].startswith("/v1/"))
    refused = sum(row["status"] == 429 for row in log)
    used, calls = (
        sent / (LIMIT * (last - first) / 60),
        len([row for row in log if row["path"] != "/v1/token"]) / ROWS,
    )
    return {
        "bulk-edit-budget": {
            "measured": round(used * 100, 1),
            "target": 94.0,
            "unit": "%",
            "met": used >= 0.94 and not refused,
            "detail": f"{ROWS:,} contacts, {LIMIT:,} calls a minute allowed, {LATENCY} ms latency; {refused} refused",
        },
        "bulk-edit-calls-limited": {
            "measured": round(calls, 3),
            "target": 1.02,
            "unit": "calls a row",
            "met": calls <= 1.02,
            "detail": f"with the syncs before and after, at {LIMIT:,} calls a minute",
        },
    }


def inside(step: str, address: str) -> None:
    """Prepare and apply a plan, or wait until it and the sync after it have ended."""
    import django

    django.setup()
    if step == "prepare":
        _prepare(address)
    else:
        from integrations.bulk.models import Plan
        from integrations.jobs.models import ACTIVE, Job

        while Plan.objects.get().state != "applied" or Job.objects.filter(state__in=ACTIVE).exists():
            time.sleep(1)
        assert Plan.objects.get().counts() == {"done": ROWS}
    print("{}")


def _prepare(address: str) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from integrations.bulk import verbs
    from integrations.connections.models import Environment
    from integrations.directory.sync import jobs as sync_jobs
    from integrations.jobs import queue
    from integrations.jobs.models import Job
    from tests.bench.bulk_edit import _plan
    from tests.integrations.directory.sync.test_processes import connected
    from tests.portal.people import person
    from tests.processes import SandboxProcess

    operator = person("olivia@partner.example", operator=True)
    connection = connected(SandboxProcess(address))
    Environment.objects.update(calls_per_minute=LIMIT)
    queue.run_now(sync_jobs.start(connection=connection))
    plan = _plan(connection.installation, operator, "Limited")
    queue.run_now(Job.objects.get(kind="bulk.build"))
    plan.refresh_from_db()
    verbs.apply(plan, actor=operator, digest=plan.digest, typed_count=ROWS)


if __name__ == "__main__":
    inside(*sys.argv[1:])
