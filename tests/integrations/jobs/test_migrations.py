"""What an update does with the jobs that were under way before each connection had jobs of its own."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
BEFORE = [
    ("jobs", "0002_asked_again_and_schedules"),
    ("onboarding", "0002_bulk"),
    ("connections", "0006_application_refused"),
]
AFTER = [("jobs", "0003_one_job_a_connection"), ("onboarding", "0003_one_job_a_connection")]


@pytest.fixture
def apps(transactional_db: Any) -> Iterator[Any]:
    """The models as they were; the tables are as they are again afterwards."""
    yield migrated(BEFORE)
    call_command("migrate", verbosity=0)


def migrated(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return MigrationExecutor(connection).loader.project_state(targets).apps


@pytest.fixture
def installation(apps: Any) -> Any:
    organization = apps.get_model("organizations", "Organization").objects.create(
        name="Cedar", slug="cedar", created_at=NOW
    )
    environment = apps.get_model("connections", "Environment").objects.create(
        name="ct", label="CT", base_url="https://api.example/v1", authorize_url="https://api.example/v1/auth"
    )
    return apps.get_model("connections", "Installation").objects.create(
        organization=organization, environment=environment, created_at=NOW
    )


def started(apps: Any, installation: Any, kind: str, state: str) -> int:
    job = apps.get_model("jobs", "Job").objects.create(
        kind=kind,
        installation=installation,
        organization_id=installation.organization_id,
        state=state,
        cursor={"legs": {}},
        created_at=NOW,
    )
    return int(job.pk)


def test_a_sync_of_a_whole_installation_is_cancelled_with_a_sentence_and_ended_ones_stay(
    apps: Any, installation: Any
) -> None:
    active = started(apps, installation, "directory.sync", "paused")
    ended = started(apps, installation, "directory.sync", "done")
    other = started(apps, installation, "onboarding.bulk_invitation", "waiting")
    jobs = migrated(AFTER).get_model("jobs", "Job").objects
    assert dict(jobs.values_list("pk", "state")) == {active: "cancelled", ended: "done", other: "waiting"}
    row = jobs.get(pk=active)
    assert row.finished_at is not None
    assert "starts by itself" in row.lines.get().text


def test_verifications_and_slot_mails_that_wait_go_on_one_a_connection(apps: Any, installation: Any) -> None:
    Connection = apps.get_model("connections", "Connection")
    made = [
        Connection.objects.create(
            installation=installation,
            grant=grant,
            user=apps.get_model("organizations", "User").objects.create(email=f"{grant}@cedar.example"),
            since=NOW,
            created_at=NOW,
        )
        for grant in ("client_credentials", "authorization_code")
    ]
    for row, outcome in zip(made, ("running", "done"), strict=True):
        apps.get_model("onboarding", "Verification").objects.create(
            connection=row, outcome=outcome, started_at=NOW
        )
    apps.get_model("onboarding", "SlotMail").objects.create(connection=made[1], asked_at=NOW)
    for kind in ("onboarding.verify", "onboarding.slot_mail"):
        started(apps, installation, kind, "running")
    jobs = migrated(AFTER).get_model("jobs", "Job").objects
    going = jobs.exclude(state="cancelled").order_by("pk").values_list("kind", "connection", "state")
    assert list(going) == [
        ("onboarding.verify", made[0].pk, "waiting"),
        ("onboarding.slot_mail", made[1].pk, "waiting"),
    ]
    assert jobs.filter(state="cancelled", connection=None).count() == 2
