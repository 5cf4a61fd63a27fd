"""Time Home for an operator and a customer with a million jobs of 500 organizations, compared with 8 organizations."""

import datetime as dt
import json
import statistics
import sys
import time
from typing import Any

from tests.bench import portal
from tests.bench.__main__ import Figure

FEW, MANY = 8, 500
JOBS = 1_000_000
FAILING = 20
TIMES = 15
#: How many times slower Home may be.
TARGET = 1.5


def measure() -> dict[str, Figure]:
    """Return the ratio for each person on each database that this machine has."""
    figures: dict[str, Figure] = {}
    for vendor, suffix, found in portal.on_each_database("tests.bench.home"):
        for who, (few, many) in found.items():
            figures[f"home-{who}{suffix}"] = {
                "measured": round(many / few, 2),
                "target": TARGET,
                "unit": "×",
                "met": many / few <= TARGET,
                "detail": f"{JOBS:,} jobs of {MANY} organizations on {vendor}: {many * 1000:.0f} ms; of {FEW}: "
                f"{few * 1000:.0f} ms",
            }
    return figures


def inside() -> None:
    """Fill a database in two steps, time Home after each, and print the seconds. Runs with the portal's settings."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    from django.db import connection
    from django.test import Client

    from portal.accounts.models import User

    operator = User.objects.create_user("olivia@partner.example", is_operator=True)
    people: dict[str, Any] = {"operator": operator}
    found: dict[str, list[float]] = {}
    for first, last in ((0, FEW), (FEW, MANY)):
        _fill(range(first, last), jobs=JOBS // MANY, people=people)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        for who, user in people.items():
            client = Client(HTTP_HOST="localhost")
            client.force_login(user)
            found.setdefault(who, []).append(_time(client))
    print(json.dumps(found))


def _fill(numbers: range, *, jobs: int, people: dict[str, Any]) -> None:
    """Create organizations with a connection and ``jobs`` each. The first one also gets an admin and an officer."""
    from integrations.connections.limits import budgets
    from integrations.connections.models import (
        Connection,
        Environment,
        Installation,
        Purpose,
        RequestState,
        TokenRequest,
    )
    from integrations.jobs.models import Job, JobState
    from portal.accounts.models import User
    from portal.core import clock
    from portal.organizations.models import Membership, Organization

    at = clock.now()
    environment = Environment.objects.first() or Environment.objects.create(
        name="production",
        label="Production",
        base_url="https://public.totalexpert.net/v1",
        authorize_url="https://public.totalexpert.net/v1/authorize",
        is_production=True,
        calls_per_minute=1000,
        tokens_per_hour=2,
    )
    budget = budgets.for_environment(environment)
    for number in numbers:
        organization = Organization.objects.create(
            name=f"Lender {number}", slug=f"lender-{number}", created_at=at
        )
        if number == 0:
            for role in ("admin", "officer"):
                people[role] = User.objects.create_user(f"{role}@lender.example", name=role.title())
                Membership.objects.create(
                    user=people[role], organization=organization, role=role, created_at=at
                )
        installation = Installation.objects.create(
            organization=organization, environment=environment, created_at=at
        )
        row = Connection.objects.create(
            installation=installation,
            grant="client_credentials",
            state="active",
            since=at,
            created_at=at,
            admitted_at=at,
        )
        if number % (MANY // FAILING) == 0:
            TokenRequest.objects.bulk_create(
                TokenRequest(
                    budget=budget,
                    connection=row,
                    purpose=Purpose.WORK,
                    state=RequestState.REFUSED,
                    at=at - dt.timedelta(hours=hours),
                )
                for hours in (1, 3, 6, 12)
            )
        if number == 0:
            _create_jobs(row, jobs, at)
        else:
            _copy_jobs(row)
        if number % 20 == 0:  # its latest job has failed
            Job.objects.filter(connection=row, created_at=at).update(state=JobState.FAILED)


def _create_jobs(row: Any, jobs: int, at: dt.datetime) -> None:
    """Create 90 days of jobs of a connection, of which one in a hundred failed."""
    from integrations.jobs.models import Job, JobState

    times = [at - dt.timedelta(minutes=65 * age) for age in range(jobs)]
    Job.objects.bulk_create(
        [
            Job(
                kind="directory.sync",
                installation=row.installation,
                organization=row.installation.organization,
                connection=row,
                state=JobState.FAILED if age % 100 == 99 else JobState.DONE,
                created_at=when,
                finished_at=when,
            )
            for age, when in enumerate(times)
        ],
        batch_size=1000,
    )


def _copy_jobs(row: Any) -> None:
    """Give a connection copies of the first connection's jobs."""
    from django.db import connection

    from integrations.connections.models import Installation
    from integrations.jobs.models import Job

    own = {
        "installation_id": "c.installation_id",
        "organization_id": "i.organization_id",
        "connection_id": "c.id",
    }
    columns = [field.column for field in Job._meta.concrete_fields if not field.primary_key]
    values = ", ".join(own.get(column, f"j.{column}") for column in columns)
    first, key = Installation.objects.earliest("created_at"), Installation._meta.pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO jobs_job ({', '.join(columns)}) SELECT {values} FROM jobs_job j, connections_connection c "
            "JOIN connections_installation i ON i.id = c.installation_id "
            "WHERE c.installation_id = %s AND j.installation_id = %s",
            [key.get_db_prep_value(pk, connection) for pk in (row.installation_id, first.pk)],
        )


def _time(client: Any) -> float:
    """Return the median seconds of Home."""
    seconds = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = client.get("/")
        seconds.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
    return statistics.median(seconds)


if __name__ == "__main__":
    sys.exit(inside())
