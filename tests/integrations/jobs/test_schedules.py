"""Regular work: due by the database's clock, run by one."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.db import connections

from integrations.jobs import schedules
from integrations.jobs.models import Schedule
from portal.core import clock

NAME = "tests.regular"
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    calls: list[str] = []
    monkeypatch.setattr(schedules, "_registered", {})
    schedules.register(NAME, every=HOUR, run=lambda: calls.append("ran"))
    yield calls


@pytest.mark.django_db
def test_what_was_never_run_is_due_at_once_and_then_after_its_time(ran: list[str]) -> None:
    assert schedules.run_due() == [NAME]
    assert schedules.run_due() == []
    clock.advance(3595)
    assert schedules.run_due() == []
    clock.advance(6)
    assert schedules.run_due() == [NAME]
    assert len(ran) == 2


@pytest.mark.django_db
def test_what_fails_stops_nothing_and_is_due_again(ran: list[str], caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("broken")

    schedules.register("tests.broken", every=HOUR, run=fail)
    schedules.register("tests.third", every=HOUR, run=lambda: ran.append("third"))
    schedules.run_due()
    assert ran == ["ran", "third"]
    assert "tests.broken" in caplog.text
    assert Schedule.objects.get(name="tests.broken").due_at > clock.now()


@pytest.mark.django_db(transaction=True)
def test_of_several_supervisors_one_runs_it(ran: list[str]) -> None:
    barrier = threading.Barrier(4)

    def supervise() -> None:
        barrier.wait()
        schedules.run_due()
        connections.close_all()

    threads = [threading.Thread(target=supervise) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == ["ran"]


@pytest.mark.django_db
def test_who_read_the_time_a_moment_before_another_ran_it_does_not_run_it_again(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read = clock.now() - dt.timedelta(seconds=2)
    assert schedules.run_due() == [NAME]
    monkeypatch.setattr(schedules.clock, "now", lambda: read)
    assert schedules.run_due() == []


@pytest.mark.django_db
def test_what_a_clock_wrote_that_was_put_back_is_due(ran: list[str]) -> None:
    schedules.run_due()
    Schedule.objects.update(due_at=clock.now() + dt.timedelta(days=30))
    assert schedules.run_due() == [NAME]
    assert schedules.run_due() == []
