"""Metrics: for the bearer of the token only, read from the database, without a customer's name."""

from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from integrations.connections import lifecycle
from integrations.connections.limits import kill_switch, ledger
from integrations.connections.models import ConnectionState, Purpose, RequestState
from integrations.directory.sync import jobs
from integrations.jobs import queue
from tests.world import World

pytestmark = pytest.mark.django_db
TOKEN = "a-long-token-for-metrics"


@pytest.fixture
def scraper(settings: Any) -> Client:
    settings.METRICS_TOKEN = TOKEN
    return Client(headers={"Authorization": f"Bearer {TOKEN}"})


def read(scraper: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = scraper.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_without_the_setting_there_are_none(settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert Client(headers={"Authorization": "Bearer "}).get("/metrics").status_code == 404


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer another", f"Basic {TOKEN}", f"Bearer {TOKEN}é"])
def test_without_the_token_they_are_refused(scraper: Client, given: str) -> None:
    assert Client(headers={"Authorization": given}).get("/metrics").status_code == 401


def test_they_tell_how_connections_jobs_and_budgets_stand(world: World, scraper: Client) -> None:
    connection = world.connected()
    queue.run_now(jobs.start(connection=connection))
    world.environment.tokens_per_hour = 2
    world.environment.calls_per_minute = 900
    world.environment.save()
    ledger.close_request(ledger.open_request(connection, purpose=Purpose.WORK, fence=0), RequestState.GRANTED)
    found = read(scraper)
    where = (("egress", "direct"), ("host", "sandbox.example:443"))
    assert found["portal_connections", (("state", "active"),)] == 1
    assert found["portal_jobs", (("kind", "directory.sync"), ("state", "done"))] == 1
    assert found["portal_budget_tokens_used", where] == 2
    assert found["portal_budget_tokens_allowed", where] == 2
    assert found["portal_budget_calls_allowed", where] == 900
    assert 0 <= found["portal_stalest_mirror_seconds", ()] < 60
    world.sandbox.pass_time(3600)
    assert (
        found["portal_stalest_mirror_seconds", ()] + 3500 < read(scraper)["portal_stalest_mirror_seconds", ()]
    )


def test_trouble_shows(world: World, scraper: Client) -> None:
    connection = world.connected()
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="It died.")
    kill_switch.activate(reason="Maintenance", actor=world.operator)
    found = read(scraper)
    assert found["portal_connections", (("state", "needs_reconnect"),)] == 1
    assert found["portal_mails_waiting", ()] == 1
    assert found["portal_stopped", ()] == 1


def test_no_customer_is_named(world: World, scraper: Client) -> None:
    world.connected()
    assert world.organization().name not in scraper.get("/metrics").content.decode()
