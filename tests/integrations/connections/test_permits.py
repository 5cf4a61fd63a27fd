"""The permit asked before every call: counted in the budget's row, for all threads and processes together."""

import threading
import time
from typing import Any

import pytest
from django.db import connection as database

from integrations.connections import budgets, permits
from integrations.connections.models import Budget, Connection, Environment, Purpose, Stop
from integrations.connections.permits import NoPermit, Permits
from integrations.total_expert import TryLater
from portal import clock
from tests.integrations.connections.test_ledger import connection_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    return limited(1000)


def limited(calls: int) -> Connection:
    environment = Environment.objects.create(
        name="ct",
        label="CT",
        base_url="https://api.example/v1",
        authorize_url="https://api.example/v1/authorize",
        calls_per_minute=calls,
    )
    return connection_in(environment)


def ask(asking: Permits, times: int = 1) -> float:
    """Seconds that it took."""
    began = time.monotonic()
    for _ in range(times):
        asking.ask("GET", "/contacts")
    return time.monotonic() - began


def test_work_is_paced_to_the_limit(connection: Connection) -> None:
    assert ask(Permits(connection, Purpose.WORK), 20) >= 18 * 0.06


def test_a_person_does_not_wait_behind_work(connection: Connection) -> None:
    work = Permits(connection, Purpose.WORK)
    for _ in range(10):
        work._take(5)
    assert ask(Permits(connection, Purpose.PERSON)) < 0.05


def test_no_limit_means_no_waiting(connection: Connection) -> None:
    Environment.objects.update(calls_per_minute=0)
    assert ask(Permits(connection, Purpose.WORK), 20) < 1


def test_what_takes_too_long_is_told_to_come_back(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permits, "PATIENCE", 0.2)
    Environment.objects.update(calls_per_minute=5)
    asking = Permits(connection, Purpose.WORK)
    with pytest.raises(TryLater) as refused:
        ask(asking, 5)
    assert refused.value.after is not None and 5 < refused.value.after < 13


def test_what_other_programs_use_is_left_to_them(connection: Connection) -> None:
    budget = budgets.of(connection)
    Budget.objects.filter(pk=budget.pk).update(others_calls=400)
    assert budgets.limits(budget).calls_per_minute == 600
    Budget.objects.filter(pk=budget.pk).update(others_calls=1000)
    with pytest.raises(TryLater, match="Other programs"):
        ask(Permits(connection, Purpose.WORK))


def test_the_switch_stops_the_next_call(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    ask(asking)
    Stop.objects.create(since=clock.now(), reason="Maintenance")
    with pytest.raises(permits.Stopped, match="stopped"):
        ask(asking, 10)


def test_a_place_that_was_slept_through_is_not_used(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking._places = [time.monotonic() - 5]
    before = budgets.of(connection).line
    ask(asking)
    assert budgets.of(connection).line != before


def test_a_refusal_that_the_ledger_cannot_explain_is_counted_and_slows_down(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking.note(429)
    asking.note(429)
    budget = budgets.of(connection)
    assert (budget.unexplained, permits.share(budget)) == (1, 0.5)
    assert budget.unexplained_at is not None


def test_an_overloaded_server_slows_down_and_is_nobodys_fault(connection: Connection) -> None:
    Permits(connection, Purpose.WORK).note(503)
    budget = budgets.of(connection)
    assert (budget.unexplained, permits.share(budget)) == (0, 0.5)


def test_a_refusal_soon_after_an_overload_is_counted_and_its_wait_is_kept(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking.note(503)
    asking.note(429, after=40)
    budget = budgets.of(connection)
    assert (budget.unexplained, permits.share(budget)) == (1, 0.5)
    assert budget.line["free_at"] > clock.now().timestamp() + 35


def test_without_a_limit_a_refusal_holds_calls_up_as_long_as_it_says(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Environment.objects.update(calls_per_minute=0)
    asking = Permits(connection, Purpose.WORK, patience=1)
    asking.note(429, after=30)
    with pytest.raises(NoPermit) as refused:
        ask(asking)
    assert refused.value.after is not None and 25 < refused.value.after <= 30
    clock.advance(31)
    assert ask(asking) < 1


def test_every_egress_has_its_own_budget(connection: Connection) -> None:
    from integrations.connections.models import Egress

    other = Egress.objects.create(name="second", label="Second", created_at=clock.now())
    direct = budgets.of(connection)
    connection.egress = other
    assert budgets.of(connection) != direct


@pytest.mark.django_db(transaction=True)
def test_threads_together_keep_the_pace() -> None:
    connection = limited(1000)
    sent: list[float] = []

    def work(urgent: bool) -> None:
        try:
            asking = Permits(connection, Purpose.PERSON if urgent else Purpose.WORK)
            until = time.monotonic() + 3
            while time.monotonic() < until:
                asking.ask("GET", "/contacts")
                sent.append(time.monotonic())
                time.sleep(0.3 if urgent else 0.02)
        finally:
            database.close()

    threads = [threading.Thread(target=work, args=(number == 0,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = max(sent) - min(sent)
    most: Any = (taken + 0.8 + 0.6) / 0.062 + 1
    assert 0.7 * taken / 0.0625 <= len(sent) <= most
