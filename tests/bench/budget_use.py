"""How much of the allowed calls three workers use when all have plenty to do, that none is refused, and how long a person
waits for a permit meanwhile. The sandbox limits, answers after 200 ms, and keeps the log that is counted.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure
from tests.processes import SandboxProcess, sandbox_process

LIMIT, LATENCY = 1000, 200
ORGANIZATIONS, CONTACTS = 9, 42_000
WORKERS = 3
WARM_UP, MINUTES = 20.0, 3


def measure() -> dict[str, Figure]:
    """The part of the allowed calls that was used, and a person's wait in milliseconds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sandbox_process(
            Path(folder),
            patience=300,
            organizations=ORGANIZATIONS,
            contacts=CONTACTS,
            calls_per_minute=LIMIT,
            latency_ms=LATENCY,
        ) as sandbox,
    ):
        host = sandbox.address.removeprefix("http://")
        variables = portal.variables(Path(folder), sandbox=host) | {"WORKERS": "2"}
        portal.manage(variables, "migrate", "--verbosity", "0")
        person = _connect(variables, sandbox)
        workers = [start_worker(variables, Path(folder) / f"work{number}.log") for number in range(WORKERS)]
        try:
            time.sleep(WARM_UP)
            begun = clock_of(sandbox)
            waits = portal.run_inside(variables, "tests.bench.budget_use", person, str(MINUTES * 60))
            ended = clock_of(sandbox)
        finally:
            for worker in workers:
                worker.terminate()
            for worker in workers:
                worker.wait(60)
        log = sandbox.ask("/_sandbox/requests?since=0")
    return _figures(log, begun, ended, waits)


def _figures(
    log: list[dict[str, Any]], begun: float, ended: float, waits: dict[str, float]
) -> dict[str, Figure]:
    times = [seconds_of(row["at"]) for row in log if row["path"].startswith("/v1/")]
    window = [at for at in times if begun <= at < ended]
    refused = sum(row["status"] == 429 for row in log)
    used = len(window) / (LIMIT * (ended - begun) / 60)
    return {
        "budget-use": {
            "measured": round(used * 100, 1),
            "target": 94.0,
            "unit": "%",
            "met": used >= 0.94 and not refused,
            "detail": f"{len(window):,} calls in {ended - begun:.0f} s by {WORKERS} workers, {LIMIT:,} a minute allowed, "
            f"{LATENCY} ms latency; {refused} refused; most in any minute {most_in_a_minute(times):,}",
        },
        "budget-person": {
            "measured": waits["p95"],
            "target": 250.0,
            "unit": "ms",
            "met": waits["p95"] <= 250,
            "detail": f"p95 of a person's wait for a permit meanwhile, {waits['count']:.0f} calls; median {waits['p50']} ms",
        },
    }


def most_in_a_minute(times: list[float]) -> int:
    """The most that arrived in any sliding minute."""
    times, first, most = sorted(times), 0, 0
    for last, at in enumerate(times):
        while times[first] <= at - 60:
            first += 1
        most = max(most, last - first + 1)
    return most


def _connect(variables: dict[str, str], sandbox: SandboxProcess) -> str:
    """Every organization connected, so that its first sync is due. Answers one connection's organization."""
    environment = {
        "address": sandbox.address,
        "calls_per_minute": LIMIT,
        "application": sandbox.credentials["application"],
    }
    portal.run_inside(variables, "tests.bench.budget_use", "prepare", json.dumps(environment))
    for number, theirs in enumerate(sandbox.credentials["organizations"]):
        portal.manage(
            variables,
            *("connect", f"bench-{number}", "--new", "--environment", "sandbox"),
            *("--client-id", theirs["client_id"]),
            text=theirs["client_secret"],
        )
    return "bench-0"


def start_worker(variables: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "work"],
            cwd=portal.ROOT,
            env=variables,
            stdout=output,
            stderr=output,
        )


def clock_of(sandbox: SandboxProcess) -> float:
    return seconds_of(sandbox.ask("/_sandbox/state")["now"])


def seconds_of(moment: Any) -> float:
    import datetime as dt

    if isinstance(moment, int | float):
        return float(moment)
    return dt.datetime.fromisoformat(str(moment)).timestamp()


def inside(argv: list[str]) -> None:
    """In a process with the portal's settings: prepare it, or be the person who calls every half second."""
    import django

    django.setup()
    if argv[0] == "prepare":
        _prepare(json.loads(argv[1]))
        print("{}")
    else:
        print(json.dumps(_person(argv[0], float(argv[1]))))


def _prepare(given: dict[str, Any]) -> None:
    from integrations.connections.grants import client_credentials
    from integrations.connections.models import Environment

    environment = Environment.objects.create(
        name="sandbox",
        label="Sandbox",
        base_url=f"{given['address']}/v1",
        authorize_url=f"{given['address']}/v1/authorize",
        calls_per_minute=given["calls_per_minute"],
        tokens_per_hour=0,
    )
    client_credentials.set_application(
        environment=environment,
        client_id=given["application"]["client_id"],
        client_secret=given["application"]["client_secret"],
        scopes="leadInteraction",
        actor=None,
    )


def _person(slug: str, seconds: float) -> dict[str, float]:
    from integrations.connections.client import client_for
    from integrations.connections.models import Call, Connection, Purpose

    connection = Connection.objects.get(installation__organization__slug=slug)
    latest = Call.objects.filter(connection=connection, job=None)
    waits = []
    until = time.monotonic() + seconds
    with client_for(connection, purpose=Purpose.PERSON) as client:
        while time.monotonic() < until:
            client.contacts.list(size=1)
            waits.append(latest.latest("pk").waited)
            time.sleep(0.5)
    waits.sort()
    return {
        "p50": round(waits[len(waits) // 2], 1),
        "p95": round(waits[int(len(waits) * 0.95)], 1),
        "count": len(waits),
    }


if __name__ == "__main__":
    sys.exit(inside(sys.argv[1:]))
