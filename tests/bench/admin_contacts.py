"""Time Django's admin over the contacts of one organization: the first page, page 2,000, a search, and one contact."""

import json
import statistics
import sys
import time
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure

CONTACTS, GROUPS, OWNERS = 200_000, 40, 60
DEEP_PAGE, TIMES, BATCH = 2_000, 15, 5_000
#: The figures, each with its target in seconds.
TARGETS = {
    "admin-first-page": 0.14,
    "admin-deep-page": 0.18,
    "admin-search": 0.25,
    "admin-search-no-hit": 0.25,
    "admin-object": 0.25,
}


def measure() -> dict[str, Figure]:
    """Return the median seconds of each page on each database that this machine has."""
    figures: dict[str, Figure] = {}
    for vendor, suffix, found in portal.on_each_database("tests.bench.admin_contacts"):
        for name, target in TARGETS.items():
            page = found[name]
            figures[f"{name}{suffix}"] = {
                "measured": page["seconds"],
                "target": target,
                "unit": "s",
                "met": page["seconds"] <= target,
                "detail": f"{CONTACTS:,} contacts on {vendor}, {page['queries']} queries, slowest of {TIMES} "
                f"{page['slowest']} s",
            }
    return figures


def inside() -> None:
    """Fill a database, time the pages, and print the results. Runs in a process with the portal's settings."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from django.test import Client
    from django.urls import reverse

    from integrations.directory.browse import keyset
    from integrations.directory.browse.selection import Order
    from integrations.directory.models import Contact
    from portal.accounts.models import User

    organization = _fill()
    operator = Client(HTTP_HOST="localhost")
    operator.force_login(User.objects.create_user("olivia@partner.example", is_operator=True))
    contacts = reverse("admin:directory_contact_changelist") + f"?organization={organization}"
    last = Contact.objects.order_by("sort_name", "pk")[(DEEP_PAGE - 1) * keyset.PAGE - 1]
    key = keyset._write_key(last, Order("", "sort_name", descending=False))
    pages = {
        "admin-first-page": contacts,
        "admin-deep-page": f"{contacts}&p=after:{key}",
        "admin-search": f"{contacts}&q=quill0{CONTACTS // 2}",
        "admin-search-no-hit": f"{contacts}&q=nobody-is-called-this",
        "admin-object": reverse("admin:directory_contact_change", args=[last.pk]),
    }
    print(json.dumps({name: _time(operator, address) for name, address in pages.items()}))


def _fill() -> int:
    """Create an organization with synced contacts, and return its id."""
    from django.db import connection as database

    from integrations.connections.models import Connection, Environment, GrantType, Installation
    from integrations.directory.models import Contact, ContactGroup, Membership, Owner, Visibility
    from portal.core import clock
    from portal.organizations.models import Organization

    at = clock.now()
    organization = Organization.objects.create(name="Bench", slug="bench", created_at=at)
    environment = Environment.objects.create(
        name="production",
        label="Production",
        base_url="https://public.totalexpert.net/v1",
        authorize_url="https://public.totalexpert.net/v1/authorize",
        is_production=True,
    )
    installation = Installation.objects.create(
        organization=organization, environment=environment, created_at=at
    )
    connection = Connection.objects.create(
        installation=installation, grant=GrantType.CLIENT_CREDENTIALS, state="active", since=at, created_at=at
    )
    shared: dict[str, Any] = {"installation": installation, "synced_at": at}
    owners = [
        Owner.objects.create(remote_id=n, last_name=f"Owner {n}", is_active=True, **shared)
        for n in range(OWNERS)
    ]
    groups = [ContactGroup.objects.create(remote_id=n, name=f"Group {n}", **shared) for n in range(GROUPS)]
    for first in range(0, CONTACTS, BATCH):
        made = Contact.objects.bulk_create(
            Contact(
                remote_id=n,
                owner=owners[n % OWNERS],
                first_name="Nora",
                last_name=f"Quill0{n}",
                email=f"nora{n}@example.com",
                city=f"City {n % 500}",
                state=("CA", "TX", "NY", "FL", "WA")[n % 5],
                source=f"Source {n % 30}",
                search=f"nora quill0{n} nora{n}@example.com",
                sort_name=f"quill0{n:07} nora",
                sort_city=f"city {n % 500}",
                digest="0",
                first_seen_at=at,
                **shared,
            )
            for n in range(first, first + BATCH)
        )
        Membership.objects.bulk_create(
            Membership(contact=row, group=groups[row.remote_id % GROUPS]) for row in made
        )
        Visibility.objects.bulk_create(
            Visibility(contact=row, connection=connection, pass_number=1, seen_at=at) for row in made
        )
    with database.cursor() as cursor:
        cursor.execute("ANALYZE")
    return organization.pk


def _time(client: Any, address: str) -> dict[str, Any]:
    """Return the median and the longest time of a page in seconds, and how many queries it makes."""
    from django.db import connection as database
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(database) as asked:
        answer = client.get(address)
    queries = len(asked)  # later requests clear the log
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        client.get(address)
        took.append(time.perf_counter() - began)
    return {
        "seconds": round(statistics.median(took), 3),
        "slowest": round(max(took), 3),
        "queries": queries,
    }


if __name__ == "__main__":
    sys.exit(inside())
