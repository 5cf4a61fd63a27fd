"""Thirty organizations behind one address with two token requests an hour, for 48 hours of the sandbox's clock.

They are onboarded at once, verified as their turn comes, and synced from then on, all by the portal's own jobs and regular
work; the sandbox's log says what arrived.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure

CONNECTIONS, HOURS, TOKENS = 30, 48, 2
CONTACTS = 40
#: The longest leap of the clock, in seconds: no longer than the regular work that starts syncs takes.
LEAP = 300.0


def measure() -> dict[str, Figure]:
    """The most token requests in any sliding hour; met where besides every mirror is fresh and no token was wasted."""
    with tempfile.TemporaryDirectory() as folder:
        variables = portal.variables(Path(folder), sandbox="sandbox.example")
        began = time.monotonic()
        found = portal.run_inside(variables, "tests.bench.token_use")
    met = (
        found["most"] <= TOKENS
        and not found["refused"]
        and found["refreshed"] == CONNECTIONS
        and not found["wasted"]
    )
    return {
        "token-use": {
            "measured": found["most"],
            "target": TOKENS,
            "unit": "requests in any hour",
            "met": met,
            "detail": f"{CONNECTIONS} connections, {HOURS} h: {found['requests']} of {HOURS * TOKENS} token requests, "
            f"{found['refused']} refused, {found['refreshed']} mirrors refreshed, the stalest {found['stalest']} h old "
            f"(bound {CONNECTIONS / TOKENS:.0f} h), {found['wasted']} for nothing; took {time.monotonic() - began:.0f} s",
        }
    }


def inside() -> None:
    """In a process with the portal's settings: let the time pass, and count."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from integrations.connections.client import ADAPTERS
    from integrations.onboarding import verification
    from tests.world import BASE, Sandbox, World

    sandbox = Sandbox(organizations=CONNECTIONS, contacts=CONTACTS, tokens_per_hour=TOKENS)
    ADAPTERS[f"{BASE}/v1"] = sandbox.adapter
    world = World(sandbox, tokens_per_hour=TOKENS)
    for theirs in sandbox.credentials["organizations"]:
        verification.start(world.propose(theirs["name"]), actor=None)
    from portal.core import clock

    began = clock.now().timestamp()
    while (at := clock.now().timestamp()) < began + HOURS * 3600:
        _work()
        sandbox.pass_time(max(1.0, min(_next_due() - at, LEAP)))
    print(json.dumps(_count(sandbox)))


def _work() -> None:
    """What a worker and its supervisor do until nothing is due."""
    from integrations.jobs import schedules, worker
    from integrations.jobs.leases import due_jobs
    from portal.core import clock

    schedules.run_due()
    while job := due_jobs(clock.now()).order_by("pk").first():
        worker.advance(job.pk)


def _next_due() -> float:
    from django.db.models import Min

    from integrations.jobs.models import Job, JobState
    from portal.core import clock

    waits = Job.objects.filter(state=JobState.WAITING).aggregate(at=Min("waits_until"))["at"]
    return float(waits.timestamp()) if waits else clock.now().timestamp() + LEAP


def _count(sandbox: Any) -> dict[str, Any]:
    import datetime as dt

    from integrations.connections.models import Call, RequestState, TokenRequest
    from integrations.directory.models import SyncState
    from portal.core import clock

    rows = sandbox.requests("/v1/token")
    times = sorted(dt.datetime.fromisoformat(str(row["at"])).timestamp() for row in rows)
    most = max(sum(at <= other < at + 3600 for other in times) for at in times)
    granted = TokenRequest.objects.filter(state=RequestState.GRANTED)
    wasted = sum(
        not Call.objects.filter(
            connection=request.connection_id,
            path="/contacts",
            at__gte=request.at,
            at__lt=request.at + dt.timedelta(hours=1),
        ).exists()
        for request in granted
    )
    now = clock.now()
    ages = [
        (now - book.finished_at) / dt.timedelta(hours=1)
        for book in SyncState.objects.all()
        if book.finished_at
    ]
    return {
        "most": most,
        "requests": len(times),
        "refused": sum(row["status"] == 429 for row in rows),
        "refreshed": sum(
            book.passes > 1 and book.finished_at is not None for book in SyncState.objects.all()
        ),
        "stalest": round(max(ages, default=999), 1),
        "wasted": wasted,
    }


if __name__ == "__main__":
    sys.exit(inside())
