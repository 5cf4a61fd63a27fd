"""The permit asked before every call."""

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.connections import permits
from integrations.connections.models import CallCount, Environment
from integrations.total_expert import TryLater
from portal import clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Environment:
    return Environment.objects.create(
        name="ct",
        label="CT",
        base_url="https://api.example/v1",
        authorize_url="https://api.example/v1/authorize",
        calls_per_minute=5,
    )


def test_calls_beyond_the_minutes_limit_are_told_to_come_back(environment: Environment) -> None:
    for _ in range(5):
        permits.ask(environment)
    with pytest.raises(TryLater) as refused:
        permits.ask(environment)
    assert refused.value.after is not None and 50 < refused.value.after <= permits.WINDOW


def test_no_limit_means_no_waiting(environment: Environment) -> None:
    environment.calls_per_minute = 0
    for _ in range(20):
        permits.ask(environment)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gaps=st.lists(st.floats(min_value=0, max_value=20), max_size=60))
def test_no_minute_ever_holds_more_calls_than_allowed(environment: Environment, gaps: list[float]) -> None:
    CallCount.objects.all().delete()
    moment = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
    sent: list[dt.datetime] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: moment)
        patch.setattr(permits, "PATIENCE", 0)
        for gap in gaps:
            moment += dt.timedelta(seconds=gap)
            try:
                permits.ask(environment)
                sent.append(moment)
            except TryLater:
                continue
    for start in sent:
        assert sum(start <= at < start + dt.timedelta(seconds=60) for at in sent) <= 5
