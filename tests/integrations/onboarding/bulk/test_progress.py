"""Where rows stand, and when those that wait get their token."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from integrations.connections.limits import budgets, egress, ledger
from integrations.connections.models import Environment, Purpose
from integrations.jobs import queue
from integrations.jobs.models import Job
from integrations.onboarding.bulk import imports, progress
from integrations.onboarding.models import BulkImport, Verification
from portal.core import clock
from tests.integrations.onboarding.bulk.files import apply, keep, theirs, work
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
HOUR = 3600


def rows(count: int) -> list[tuple[str, ...]]:
    return [(f"Quarry {number}", f"id-{number}", f"s-{number}", "") for number in range(count)]


def states(source: BulkImport) -> dict[str, int]:
    return {state.name: count for state, count in progress.counts(source)}


def hours(moments: "list[dt.datetime]") -> list[int]:
    """How many hours from now, the soonest first."""
    at = clock.now()
    return sorted(round(max(0.0, (moment - at).total_seconds()) / HOUR) for moment in moments)


def test_rows_stand_where_their_connections_do(world: World) -> None:
    source = keep(
        world, theirs(world, CEDAR), theirs(world, BLUEWATER, client_secret="x"), ("", "id", "s", "")
    )
    assert states(source) == {"bad": 1, "ready": 2}
    imports.confirm(source, actor=world.operator)
    assert states(source) == {"confirmed": 2, "left_out": 1}
    imports.apply_some()
    assert states(source) == {"queued": 2, "left_out": 1}
    Verification.objects.filter(connection__installation__organization__name=CEDAR).update(
        steps=[{"name": "token"}]
    )
    assert states(source) == {"verifying": 1, "queued": 1, "left_out": 1}
    work()
    assert states(source) == {"connected": 1, "failed": 1, "left_out": 1}


def test_a_verification_that_a_person_stopped_does_not_look_as_if_it_went_on(world: World) -> None:
    source = apply(world, theirs(world, CEDAR))
    job = Job.objects.get()
    queue.cancel(job, actor=world.operator)
    assert states(source) == {"stopped": 1}
    queue.retry(job, actor=world.operator)
    assert states(source) == {"queued": 1}


def test_an_organization_that_is_gone_is_said_to_be(world: World) -> None:
    source = apply(world, theirs(world, CEDAR))
    source.rows.get().connection.delete()
    assert states(source) == {"gone": 1}


def test_each_that_waits_has_its_own_time_two_an_hour(world: World) -> None:
    source = apply(world, *rows(5))
    Environment.objects.update(tokens_per_hour=2)
    times = progress.expected_times(progress.queued(source))
    assert set(times) == set(source.rows.values_list("connection", flat=True))
    assert hours(list(times.values())) == [0, 0, 1, 1, 2]


def test_those_of_an_import_wait_behind_a_person(world: World) -> None:
    source = apply(world, *rows(1))
    Environment.objects.update(tokens_per_hour=1)
    ledger.open_request(world.propose(CEDAR), purpose=Purpose.PERSON, fence=0)
    with pytest.raises(ledger.NoSlot):
        ledger.open_request(world.propose(BLUEWATER), purpose=Purpose.PERSON, fence=0)
    (expected,) = progress.expected_times(progress.queued(source)).values()
    assert hours([expected]) == [2]


def test_what_was_said_is_what_happens(world: World) -> None:
    source = apply(world, theirs(world, CEDAR), theirs(world, BLUEWATER))
    Environment.objects.update(tokens_per_hour=1)
    expected = sorted(progress.expected_times(progress.queued(source)).values())
    work()
    assert states(source) == {"connected": 1, "queued": 1}
    waits = Job.objects.get(kind="onboarding.verify", state="waiting").waits_until
    assert waits is not None and abs((waits - expected[1]).total_seconds()) < 60


def test_where_no_request_is_allowed_nothing_is_promised(world: World) -> None:
    source = apply(world, *rows(2))
    Environment.objects.update(tokens_per_hour=2)
    budget = progress.budgets.for_environment(world.environment)
    budget.others_tokens = 2
    budget.save()
    assert progress.expected_times(progress.queued(source)) == {}
    other = keep(world, ("Other", "other", "s", ""))
    assert progress.cost(other) == progress.Cost(1, None)


def test_the_cost_of_a_preview_is_a_request_each_behind_what_waits(world: World) -> None:
    Environment.objects.update(tokens_per_hour=2)
    cost = progress.cost(keep(world, *rows(5), ("", "id", "s", "")))
    assert cost.requests == 5 and not cost.is_now
    assert cost.last_at is not None and hours([cost.last_at]) == [2]
    Environment.objects.update(tokens_per_hour=0)
    assert progress.cost(keep(world, *rows(5))).is_now


def test_a_file_of_two_worlds_behind_one_host_shares_its_budget(world: World) -> None:
    Environment.objects.update(tokens_per_hour=2)
    twin = Environment.objects.create(
        name="twin",
        label="Twin",
        base_url=world.environment.base_url,
        authorize_url="https://sandbox.example/a",
    )
    source = keep(world, *rows(4))
    source.rows.filter(number__gt=3).update(environment=twin)
    last = progress.cost(source).last_at
    assert last is not None and hours([last]) == [1]


def test_the_cost_counts_on_the_source_addresses_by_which_the_new_ones_will_go_out(
    world: World, settings: Any
) -> None:
    settings.PROXY_HOSTS = ["proxy.example"]
    Environment.objects.update(tokens_per_hour=2)
    budgets.direct_egress()
    egress.add_proxy(name="second", label="Second", proxy_url="https://proxy.example:3128", actor=None)
    last = progress.cost(keep(world, *rows(4))).last_at
    assert last is not None and hours([last]) == [0]
    source = apply(world, *rows(4))
    ways = Counter(row.egress_id for row in progress.queued(source))
    assert sorted(ways.values()) == [2, 2]
