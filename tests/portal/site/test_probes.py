"""Probes: answered by plain http and by address, without a session, and true."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client

from integrations.jobs import schedules
from portal.core import clock
from portal.site import probes

pytestmark = pytest.mark.django_db


@pytest.fixture
def balancer(settings: Any) -> Client:
    """A load balancer: asks by address, where the portal itself insists on https and its name."""
    settings.SECURE_SSL_REDIRECT = True
    return Client(SERVER_NAME="10.1.2.3")


def test_a_process_that_answers_is_healthy_whatever_the_database_does(balancer: Client) -> None:
    with connection.execute_wrapper(refuse):
        answer = balancer.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")
    assert not answer.cookies and answer.headers["Cache-Control"] == "no-store"


def refuse(*args: Any) -> Any:
    from django.db import OperationalError

    raise OperationalError("no way to db.internal:5432 as portal")


def without_our_tables(execute: Any, sql: str, *args: Any) -> Any:
    from django.db import OperationalError

    if "jobs_" in sql:
        raise OperationalError("no such table: jobs_schedule")
    return execute(sql, *args)


def test_it_is_ready_with_a_worker_and_says_what_is_missing(balancer: Client) -> None:
    answer = balancer.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["worker"]["text"].endswith("start manage.py work.")
    schedules.run_due()
    answer = balancer.get("/readyz")
    assert answer.status_code == 200 and answer.json()["ready"] is True
    clock.advance(120)
    assert balancer.get("/readyz").status_code == 503


def test_a_database_that_is_away_is_said_without_its_address(balancer: Client) -> None:
    with connection.execute_wrapper(refuse):
        answer = balancer.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": {"ok": False, "text": "The database can't be reached."}}


def test_a_missing_migration_is_seen_and_then_seen_to_be_there(
    balancer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    probes._all_applied.cache_clear()
    monkeypatch.setattr(probes.MigrationExecutor, "migration_plan", lambda *_: ["one"])
    assert balancer.get("/readyz").json()["checks"]["migrations"]["ok"] is False
    with connection.execute_wrapper(without_our_tables):
        answer = balancer.get("/readyz").json()
    assert answer["checks"]["migrations"]["text"].endswith("run manage.py migrate.")
    assert answer["checks"]["database"]["ok"] is True
    monkeypatch.undo()
    assert balancer.get("/readyz").json()["checks"]["migrations"]["ok"] is True


def test_only_reading_is_answered(balancer: Client) -> None:
    assert balancer.post("/healthz").status_code == 405
    assert balancer.head("/healthz").status_code == 200


def test_every_other_address_still_insists_on_https(balancer: Client) -> None:
    assert balancer.get("/healthz/more").status_code in (301, 400)
