"""The permit asked before every call: counted in the budget's row, for all threads and processes together."""

import itertools
import threading
import time
from typing import Any

import pytest
from django.db import connection as database

from integrations.connections.limits import budgets, pacing, permits
from integrations.connections.limits.permits import NoPermit, Permits
from integrations.connections.models import Budget, Connection, Environment, KillSwitch, Purpose
from integrations.total_expert import TryLater
from portal.core import clock
from tests.integrations.connections.limits.test_ledger import connection_in

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


def ask(asking: Permits, times: int = 1) -> None:
    for _ in range(times):
        asking.acquire("GET", "/contacts")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each wait for a permit. A busy machine makes everything take longer, but adds no wait."""
    waited: list[float] = []
    sleep = time.sleep

    def note(seconds: float) -> None:
        waited.append(seconds)
        sleep(seconds)

    monkeypatch.setattr(permits.time, "sleep", note)
    return waited


def test_work_is_paced_to_the_limit(connection: Connection) -> None:
    began = time.monotonic()
    ask(Permits(connection, Purpose.WORK), 20)
    assert time.monotonic() - began >= 18 * 0.06


def test_a_person_does_not_wait_behind_work(connection: Connection, waits: list[float]) -> None:
    work = Permits(connection, Purpose.WORK)
    for _ in range(10):
        work._request_slots(5)
    ask(Permits(connection, Purpose.PERSON))
    assert not waits


def test_no_limit_means_no_waiting(connection: Connection, waits: list[float]) -> None:
    Environment.objects.update(calls_per_minute=0)
    ask(Permits(connection, Purpose.WORK), 20)
    assert not waits


def test_what_takes_too_long_is_told_to_come_back(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(permits, "MAX_PERMIT_WAIT", 0.2)
    Environment.objects.update(calls_per_minute=5)
    asking = Permits(connection, Purpose.WORK)
    with pytest.raises(TryLater) as refused:
        ask(asking, 5)
    assert refused.value.after is not None and 0.2 < refused.value.after < 13


def test_what_other_programs_use_is_left_to_them(connection: Connection) -> None:
    budget = budgets.for_connection(connection)
    Budget.objects.filter(pk=budget.pk).update(others_calls=400)
    assert budgets.read_limits(budget).calls_per_minute == 600
    Budget.objects.filter(pk=budget.pk).update(others_calls=1000)
    with pytest.raises(TryLater, match="Other programs"):
        ask(Permits(connection, Purpose.WORK))


def test_the_switch_stops_the_next_call(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    ask(asking)
    KillSwitch.objects.create(since=clock.now(), reason="Maintenance")
    with pytest.raises(permits.CallsStopped, match="stopped"):
        ask(asking, 10)


def test_a_place_that_was_slept_through_is_not_used(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking._slots = [time.monotonic() - 5]
    before = budgets.for_connection(connection).pacer
    ask(asking)
    assert budgets.for_connection(connection).pacer != before


def test_a_call_that_is_held_up_past_its_slot_takes_another(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = Permits(connection, Purpose.WORK)
    ask(asking)
    slots: list[float] = []
    sleep, next_slot = time.sleep, asking._next_slot

    def note_slot(began: float) -> float:
        slots.append(next_slot(began))
        return slots[-1]

    def oversleep_once(seconds: float) -> None:
        sleep(seconds + (pacing.MAX_DELAY + 0.1 if len(slots) == 1 else 0))

    monkeypatch.setattr(asking, "_next_slot", note_slot)
    monkeypatch.setattr(permits.time, "sleep", oversleep_once)
    for _ in range(10):  # until a call has to wait for its slot
        slots.clear()
        ask(asking)
        if len(slots) > 1:
            break
    assert time.monotonic() - slots[0] > pacing.MAX_DELAY >= time.monotonic() - slots[-1]


def test_a_refusal_that_the_ledger_cannot_explain_is_counted_and_slows_down(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking.record_status(429)
    asking.record_status(429)
    budget = budgets.for_connection(connection)
    assert (budget.unexplained_refusals, permits.current_rate(budget)) == (1, 0.5)
    assert budget.unexplained_at is not None


def test_an_overloaded_server_slows_down_and_is_nobodys_fault(connection: Connection) -> None:
    Permits(connection, Purpose.WORK).record_status(503)
    budget = budgets.for_connection(connection)
    assert (budget.unexplained_refusals, permits.current_rate(budget)) == (0, 0.5)


def test_a_refusal_soon_after_an_overload_is_counted_and_its_wait_is_kept(connection: Connection) -> None:
    asking = Permits(connection, Purpose.WORK)
    asking.record_status(503)
    asking.record_status(429, after=40)
    budget = budgets.for_connection(connection)
    assert (budget.unexplained_refusals, permits.current_rate(budget)) == (1, 0.5)
    assert budget.pacer["next_slot"] > clock.now().timestamp() + 35


def test_without_a_limit_a_refusal_holds_calls_up_as_long_as_it_says(
    connection: Connection, waits: list[float]
) -> None:
    Environment.objects.update(calls_per_minute=0)
    asking = Permits(connection, Purpose.WORK, max_wait=1)
    asking.record_status(429, after=30)
    with pytest.raises(NoPermit) as refused:
        ask(asking)
    assert refused.value.after is not None and 1 < refused.value.after <= 30
    clock.advance(31)
    ask(asking)
    assert not waits


def test_every_egress_has_its_own_budget(connection: Connection) -> None:
    from integrations.connections.models import Egress

    other = Egress.objects.create(name="second", label="Second", created_at=clock.now())
    direct = budgets.for_connection(connection)
    connection.egress = other
    assert budgets.for_connection(connection) != direct


@pytest.mark.django_db(transaction=True)
def test_threads_together_keep_the_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two calls share a place, and so many take as long as their places do, however slow the machine is."""
    connection = limited(1000)
    step = pacing.interval(1000)
    sent: list[Purpose] = []
    given: list[tuple[float, float]] = []
    give = pacing.acquire

    def note(state: pacing.PacerState, **asked: Any) -> pacing.Granted | pacing.Wait:
        answer = give(state, **asked)
        if isinstance(answer, pacing.Granted):
            given.append((state.next_slot - len(answer.slots) * step, state.next_slot))
        return answer

    monkeypatch.setattr(pacing, "acquire", note)

    def work(purpose: Purpose, calls: int, pause: float) -> None:
        try:
            asking = Permits(connection, purpose)
            for _ in range(calls):
                ask(asking)
                sent.append(purpose)
                time.sleep(pause)
        finally:
            database.close()

    tasks = [(Purpose.PERSON, 3, 0.3), *[(Purpose.WORK, 10, 0.02)] * 5]
    threads = [threading.Thread(target=work, args=task) for task in tasks]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sent.count(Purpose.PERSON), sent.count(Purpose.WORK)) == (3, 50)
    assert time.monotonic() - began >= (len(sent) - 1) * step - pacing.BURST
    given.sort()
    assert all(begins >= ended - 1e-5 for (_, ended), (begins, _) in itertools.pairwise(given))
