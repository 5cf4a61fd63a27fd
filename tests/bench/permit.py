"""What a permit costs a worker, on each database: the time of the asking itself, without the waiting for its place.

Places are taken one at a time here, which is the dearest; a process that calls often takes several at once.
"""

import json
import sys
import time

from tests.bench import portal
from tests.bench.__main__ import Figure

PERMITS = 3000
TARGETS = {"sqlite": 2.0, "postgresql": 1.0}


def measure() -> dict[str, Figure]:
    """Milliseconds for each permit."""
    figures: dict[str, Figure] = {}
    for vendor, suffix, found in portal.on_each_database("tests.bench.permit"):
        target = TARGETS[vendor]
        figures[f"permit{suffix}"] = {
            "measured": found["milliseconds"],
            "target": target,
            "unit": "ms",
            "met": found["milliseconds"] <= target,
            "detail": f"{PERMITS:,} permits one by one on {vendor}, p95 {found['p95']} ms; paced work, which takes "
            f"{found['batch']} at a time: {found['paced']} ms",
        }
    return figures


def inside() -> None:
    """In a process with the portal's settings: migrate, ask, print."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from integrations.connections import installations
    from integrations.connections.limits import pacing
    from integrations.connections.limits.permits import Permits
    from integrations.connections.models import Connection, Environment, GrantType, Purpose
    from portal.core import clock
    from portal.organizations.models import Organization

    at = clock.now()
    world = Environment.objects.create(
        name="bench",
        label="Bench",
        base_url="https://public.totalexpert.net/v1",
        authorize_url="https://public.totalexpert.net/v1/authorize",
        calls_per_minute=10_000_000,
    )
    organization = Organization.objects.create(name="Bench", slug="bench", created_at=at)
    connection = Connection.objects.create(
        installation=installations.get_or_create(organization, world),
        grant=GrantType.CLIENT_CREDENTIALS,
        since=at,
        created_at=at,
    )
    asking = Permits(connection, Purpose.WORK)
    took = []
    for _ in range(PERMITS):
        began = time.perf_counter()
        asking._request_slots(1)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    began = time.perf_counter()
    for _ in range(PERMITS):
        asking.acquire("GET", "/contacts")
    paced = (time.perf_counter() - began) * 1000 / PERMITS
    assert pacing.BATCH > 0
    print(
        json.dumps(
            {
                "milliseconds": round(sum(took) / len(took), 3),
                "p95": round(took[int(len(took) * 0.95)], 3),
                "paced": round(paced, 4),
                "batch": "many",
            }
        )
    )


if __name__ == "__main__":
    sys.exit(inside())
