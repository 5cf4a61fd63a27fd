"""The ledger of token requests: never more than the limit in any sliding hour, whoever asks in whatever order."""

import datetime as dt
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.connections.limits import forecast, ledger, queue
from integrations.connections.limits.scheduler import HOUR, MARGIN
from integrations.connections.models import (
    Connection,
    Environment,
    GrantType,
    Installation,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from integrations.connections.tokens import leases
from portal.core import clock
from portal.organizations.models import Organization

pytestmark = pytest.mark.django_db


def environment_named(name: str, *, tokens_per_hour: int, host: str = "api.example") -> Environment:
    return Environment.objects.create(
        name=name,
        label=name,
        base_url=f"https://{host}/v1",
        authorize_url=f"https://{host}/v1/authorize",
        tokens_per_hour=tokens_per_hour,
    )


def connection_in(environment: Environment, number: int = 0) -> Connection:
    at = clock.now()
    organization, _ = Organization.objects.get_or_create(
        slug=f"o{number}", defaults={"name": f"Organization {number}", "created_at": at}
    )
    installation = Installation.objects.create(
        organization=organization, environment=environment, created_at=at
    )
    return Connection.objects.create(
        installation=installation, grant=GrantType.CLIENT_CREDENTIALS, since=at, created_at=at
    )


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dt.datetime]]:
    """A clock that moves only when a test moves it: its time is the list's one item."""
    moment = [dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)]
    monkeypatch.setattr(clock, "now", lambda: moment[0])
    yield moment


def take(connection: Connection) -> TokenRequest:
    return ledger.open_request(connection, purpose=Purpose.WORK, fence=1)


def test_a_third_request_within_the_hour_is_told_when_to_come_back(frozen: list[dt.datetime]) -> None:
    connection = connection_in(environment_named("ct", tokens_per_hour=2))
    for _ in range(2):
        ledger.close_request(take(connection), RequestState.GRANTED)
    with pytest.raises(ledger.NoSlot) as refused:
        take(connection)
    assert refused.value.at == frozen[0] + HOUR + MARGIN
    frozen[0] = refused.value.at
    assert take(connection)


def test_failed_and_lost_requests_count_and_never_sent_ones_do_not(frozen: list[dt.datetime]) -> None:
    connection = connection_in(environment_named("ct", tokens_per_hour=2))
    ledger.close_request(take(connection), RequestState.REFUSED)
    ledger.close_request(take(connection), RequestState.RELEASED)
    ledger.close_request(take(connection), RequestState.LOST)
    with pytest.raises(ledger.NoSlot):
        take(connection)


def test_a_request_without_an_answer_counts_until_it_can_no_longer_arrive(frozen: list[dt.datetime]) -> None:
    connection = connection_in(environment_named("ct", tokens_per_hour=1))
    take(connection)
    with pytest.raises(ledger.NoSlot) as refused:
        take(connection)
    assert refused.value.at == frozen[0] + forecast.IN_FLIGHT + HOUR + MARGIN


def test_a_held_slot_counts_until_it_is_given_back_or_runs_out(frozen: list[dt.datetime]) -> None:
    environment = environment_named("ct", tokens_per_hour=1)
    connection, other = connection_in(environment), connection_in(environment, 1)
    slot = ledger.reserve_slot(connection)
    with pytest.raises(ledger.NoSlot) as refused:
        ledger.reserve_slot(other)
    assert refused.value.at == frozen[0] + ledger.RESERVATION_DURATION
    ledger.release_slot(slot)
    TokenDemand.objects.filter(connection=other).delete()
    again = ledger.reserve_slot(connection)
    frozen[0] += ledger.RESERVATION_DURATION
    assert not ledger.use_slot(again, fence=1)
    assert ledger.reserve_slot(connection)


def test_a_person_who_starts_again_keeps_the_slot_and_holds_it_for_longer(
    frozen: list[dt.datetime],
) -> None:
    environment = environment_named("ct", tokens_per_hour=1)
    connection, other = connection_in(environment), connection_in(environment, 1)
    slot = ledger.reserve_slot(connection)
    frozen[0] += ledger.RESERVATION_DURATION / 2
    again = ledger.reserve_slot(connection)
    assert again == slot and again.held_until == frozen[0] + ledger.RESERVATION_DURATION
    assert not TokenDemand.objects.filter(connection=connection).exists()
    with pytest.raises(ledger.NoSlot):
        ledger.reserve_slot(other)
    frozen[0] += ledger.RESERVATION_DURATION / 2 + dt.timedelta(seconds=1)
    assert ledger.use_slot(slot, fence=1)


def test_a_held_slot_is_used_once(frozen: list[dt.datetime]) -> None:
    connection = connection_in(environment_named("ct", tokens_per_hour=1))
    slot = ledger.reserve_slot(connection)
    assert ledger.use_slot(slot, fence=1)
    assert not ledger.use_slot(slot, fence=1)


def test_environments_behind_one_host_share_its_limit(frozen: list[dt.datetime]) -> None:
    test = connection_in(environment_named("ct", tokens_per_hour=1), 1)
    production = connection_in(environment_named("production", tokens_per_hour=1), 2)
    elsewhere = connection_in(environment_named("other", tokens_per_hour=1, host="other.example"), 3)
    take(test)
    with pytest.raises(ledger.NoSlot):
        take(production)
    assert take(elsewhere)


def test_of_equal_work_who_came_first_is_served_first(frozen: list[dt.datetime]) -> None:
    environment = environment_named("ct", tokens_per_hour=1)
    holder, first, second = (connection_in(environment, number) for number in range(3))
    ledger.close_request(take(holder), RequestState.GRANTED)
    told = []
    for waiting in (first, second):
        frozen[0] += dt.timedelta(seconds=1)
        with pytest.raises(ledger.NoSlot) as refused:
            take(waiting)
        told.append(refused.value.at)
    frozen[0] = told[0]
    with pytest.raises(ledger.NoSlot):
        take(second)
    ledger.close_request(take(first), RequestState.GRANTED)
    assert told[1] >= told[0] + HOUR
    frozen[0] += HOUR + MARGIN
    ledger.close_request(take(second), RequestState.GRANTED)
    assert not TokenDemand.objects.exists()


def test_whoever_does_not_come_back_loses_their_place(frozen: list[dt.datetime]) -> None:
    environment = environment_named("ct", tokens_per_hour=1)
    holder, gone, patient = (connection_in(environment, number) for number in range(3))
    ledger.close_request(take(holder), RequestState.GRANTED)
    with pytest.raises(ledger.NoSlot) as refused:
        take(gone)
    frozen[0] = refused.value.at + queue.ABANDONED_AFTER
    assert take(patient)


def test_a_clock_that_is_put_back_stops_nobody_for_longer_than_an_hour(frozen: list[dt.datetime]) -> None:
    environment = environment_named("ct", tokens_per_hour=1)
    first, second = connection_in(environment), connection_in(environment, 1)
    frozen[0] += dt.timedelta(days=30)
    ledger.close_request(take(first), RequestState.GRANTED)
    frozen[0] -= dt.timedelta(days=30)
    with pytest.raises(ledger.NoSlot) as refused:
        take(second)
    assert refused.value.after <= (HOUR + MARGIN).total_seconds()
    frozen[0] = refused.value.at
    assert take(second)


def test_no_limit_means_no_waiting(frozen: list[dt.datetime]) -> None:
    connection = connection_in(environment_named("sandbox", tokens_per_hour=0))
    for _ in range(20):
        take(connection)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "reserve", "use", "release", "answer", "answer late", "explain"]),
        st.integers(min_value=0, max_value=3),
        st.floats(min_value=0, max_value=2400),
    ),
    max_size=40,
)


ORDERS = given(steps=STEPS, limit=st.integers(min_value=1, max_value=4))


@ORDERS
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_order_of_events_ever_exceeds_the_limit(
    frozen: list[dt.datetime], steps: list, limit: int
) -> None:
    happen(frozen, steps, limit)


@pytest.mark.soak
@ORDERS
@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_none_of_many_orders_of_events_exceeds_the_limit(
    frozen: list[dt.datetime], steps: list, limit: int
) -> None:
    happen(frozen, steps, limit)


def happen(frozen: list[dt.datetime], steps: list, limit: int) -> None:
    """Let events happen, each some seconds after the last, and count what was sent in any hour."""
    TokenRequest.objects.all().delete()
    TokenDemand.objects.all().delete()
    Environment.objects.update(tokens_per_hour=limit)
    environment = Environment.objects.first() or environment_named("ct", tokens_per_hour=limit)
    connections = list(Connection.objects.all()) or [
        connection_in(environment, number) for number in range(4)
    ]
    reserved: list[TokenRequest] = []
    sent: list[TokenRequest] = []
    for what, who, seconds in steps:
        frozen[0] += dt.timedelta(seconds=seconds)
        try:
            if what == "take":
                sent.append(take(connections[who]))
            elif what == "reserve":
                reserved.append(ledger.reserve_slot(connections[who]))
            elif reserved and what == "use":
                slot = reserved.pop()
                if ledger.use_slot(slot, fence=1):
                    sent.append(slot)
            elif reserved and what == "release":
                ledger.release_slot(reserved.pop())
            elif sent and what == "answer":
                ledger.close_request(sent[-1], RequestState.GRANTED)
            elif sent and what == "answer late":
                ledger.close_request(sent[0], RequestState.GRANTED)
            elif what == "explain":
                leases.close_abandoned_requests()
        except ledger.NoSlot as refused:
            assert refused.at > frozen[0]
    assert_never_exceeded(limit)


def assert_never_exceeded(limit: int) -> None:
    """Wherever between its sending and its latest arrival the other side counts a request: with its answer, or before
    the client's timeouts would have ended it, however late a process that was stopped writes the answer down.
    """
    rows = [row for row in TokenRequest.objects.all() if row.state not in ("reserved", "released")]
    for row in rows:
        window = [
            other
            for other in rows
            if row.at - HOUR < min(other.ended_at or row.at + HOUR, other.at + forecast.IN_FLIGHT)
            and other.at <= row.at
        ]
        assert len(window) <= limit
