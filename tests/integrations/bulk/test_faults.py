"""An edit whose calls fail now and then: every row ends in a true outcome, and few calls are wasted."""

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.bulk import verbs
from integrations.bulk.models import OPEN_ROWS, PlanState, RowState
from integrations.connections.client import ADAPTERS, client_for
from integrations.connections.models import Connection
from integrations.jobs import queue
from integrations.jobs.models import Job, JobState
from portal.core import clock
from tests.integrations.bulk.conftest import Edit
from tests.world import BASE, Sandbox, World

pytestmark = pytest.mark.django_db
ROWS = 400


@pytest.fixture
def sandbox(settings: Any) -> Iterator[Sandbox]:
    """A Total Expert with more contacts than the other tests' one."""
    settings.ENVIRONMENT_HOSTS = ["sandbox.example"]
    made = Sandbox(contacts=ROWS)
    ADAPTERS[f"{BASE}/v1"] = made.adapter
    yield made
    ADAPTERS.clear()


def test_faults_on_five_percent_of_all_calls_cost_few_calls_and_no_row(
    world: World, admin: Connection, plan: Edit
) -> None:
    made = plan(fields={"city": "Duluth"})
    count = made.rows.filter(state=RowState.PLANNED).count()
    assert count > ROWS / 2
    before = len(world.sandbox.requests())
    effects: list[dict[str, Any]] = [{"status": 429}, {"status": 503}, {"drop": "before"}, {"drop": "after"}]
    world.sandbox.faults(*({"path": "/v1/", "rate": 0.0125, **effect} for effect in effects))
    verbs.apply(made, actor=world.operator, digest=made.digest, typed_count=count)
    for _ in range(400):
        waiting = list(Job.objects.filter(state=JobState.WAITING))
        if not waiting:
            break
        if all(job.waits_until and job.waits_until > clock.now() for job in waiting):
            first = min(job.waits_until for job in waiting if job.waits_until)
            world.sandbox.pass_time((first - clock.now()).total_seconds() + 0.01)
        for job in waiting:
            queue.run_now(job)
    calls = len(world.sandbox.requests()) - before
    world.sandbox.faults()
    made.refresh_from_db()
    assert made.state == PlanState.APPLIED and not made.rows.filter(state__in=OPEN_ROWS).exists()
    there = {contact.id: contact.city for contact in client_for(admin).contacts.all()}
    for row in made.rows.all():
        assert (there[row.remote_id or 0] == "Duluth") is (row.state == RowState.DONE), row.reason
    assert made.counts()[RowState.DONE] == count
    assert calls <= 1.15 * count, calls
