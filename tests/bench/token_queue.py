"""Time the token queue with 10,000 connections waiting: its page, and what a token request costs, also under the lock."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure

WAITING, TIMES = 10_000, 15
#: The figures, each with its target and unit.
TARGETS: dict[str, tuple[float, str]] = {
    "queue-first-page": (0.1, "s"),
    "queue-page-size": (100, "KB"),
    "queue-decision": (0.5, "s"),
    "queue-lock": (0.05, "s"),
}


def measure() -> dict[str, Figure]:
    """Return the figures on each database that this machine has."""
    figures: dict[str, Figure] = {}
    for vendor, suffix, found in portal.on_each_database("tests.bench.token_queue"):
        for name, (target, unit) in TARGETS.items():
            figures[f"{name}{suffix}"] = {
                "measured": found[name],
                "target": target,
                "unit": unit,
                "met": found[name] <= target,
                "detail": f"{WAITING:,} connections waiting, {vendor}",
            }
    return figures


def inside() -> None:
    """Fill a database, time the queue, and print the figures. Runs in a process with the portal's settings."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from django.test import Client
    from django.urls import reverse

    from integrations.connections.limits import budgets, ledger
    from integrations.connections.models import Connection, RequestState
    from portal.accounts.models import User

    _fill()
    operator = Client(HTTP_HOST="localhost")
    operator.force_login(User.objects.create_user("olivia@partner.example", is_operator=True))
    address = reverse("token_queue")
    page = operator.get(address)
    assert page.status_code == 200
    connection = Connection.objects.order_by("created_at").first()
    assert connection is not None

    held: list[float] = []
    lock = budgets.lock

    def timed_lock(*arguments: Any) -> Any:
        found = lock(*arguments)
        held.append(-time.perf_counter())
        return found

    def request_token() -> None:
        budgets.lock = timed_lock  # type: ignore[assignment]
        request = ledger.reserve_slot(connection)
        held[-1] += time.perf_counter()
        budgets.lock = lock
        ledger.close_request(request, RequestState.REFUSED)
        request.delete()

    found = {
        "queue-first-page": _time(lambda: operator.get(address)),
        "queue-page-size": round(len(page.content) / 1000, 1),
        "queue-decision": _time(request_token),
    }
    print(json.dumps(found | {"queue-lock": round(statistics.median(held), 4)}))


def _fill() -> None:
    from django.db import connection as database

    from integrations.connections.limits import budgets
    from integrations.connections.models import Connection, Environment, Installation, Purpose, TokenDemand
    from portal.core import clock
    from portal.organizations.models import Organization

    at = clock.now()
    environment = Environment.objects.create(
        name="production",
        label="Production",
        base_url="https://public.totalexpert.net/v1",
        authorize_url="https://public.totalexpert.net/v1/authorize",
        is_production=True,
        tokens_per_hour=2,
    )
    budgets.for_environment(environment)
    organizations = Organization.objects.bulk_create(
        Organization(
            name=f"Lender {number}", folded_name=f"lender {number}", slug=f"lender-{number}", created_at=at
        )
        for number in range(WAITING)
    )
    installations = Installation.objects.bulk_create(
        Installation(organization=row, environment=environment, created_at=at) for row in organizations
    )
    connections = Connection.objects.bulk_create(
        Connection(
            installation=row,
            grant="client_credentials",
            state="active",
            since=at,
            created_at=at,
            admitted_at=at,
        )
        for row in installations
    )
    times = {"due_at": at, "requested_at": at, "expected_at": at + 30 * clock.MAX_SKEW, "stale_since": at}
    TokenDemand.objects.bulk_create(
        TokenDemand(connection=row, purpose=Purpose.WORK, **times) for row in connections
    )
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")


def _time(action: Callable[[], Any]) -> float:
    """Return the median seconds that ``action`` takes."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return round(statistics.median(taken), 4)


if __name__ == "__main__":
    sys.exit(inside())
