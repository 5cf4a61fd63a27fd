"""How a connection stands, in words, as its page says it."""

import datetime as dt

import pytest

from integrations.connections import lifecycle
from integrations.connections.limits import ledger, queue
from integrations.connections.models import Connection, ConnectionState, Purpose, RequestState, Token
from integrations.connections.tokens import access
from integrations.connections.views import health
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db


def ask_in_vain(connection: Connection) -> None:
    ledger.close_request(ledger.open_request(connection, purpose=Purpose.WORK, fence=1), RequestState.LOST)


def test_a_connection_that_works_says_so_with_its_token_clock(world: World) -> None:
    connection = world.consented(world.member("officer"))
    Connection.objects.update(verified_at=clock.now())
    connection.refresh_from_db()
    shown = health.of(connection)
    assert shown.sentence == "OK" and health.shown_state(connection, waits=False) == ConnectionState.ACTIVE
    assert shown.is_available_now and shown.lost == ""
    assert shown.access_expires_at is not None and shown.refresh_expires_at is not None
    assert shown.refresh_expires_at - clock.now() > dt.timedelta(days=13)


def test_a_token_of_which_only_a_moment_is_left_is_not_shown_as_one(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=clock.now() + access.EXPIRY_MARGIN / 2)
    assert health.of(connection).access_expires_at is None


def test_what_waits_for_a_token_is_shown_as_waiting_with_its_time(world: World) -> None:
    connection = world.connected()
    world.environment.tokens_per_hour = 1
    world.environment.save()
    queue.enqueue(connection, purpose=Purpose.WORK)
    shown = health.of(connection)
    assert health.must_wait(connection) and not shown.is_available_now
    assert health.shown_state(connection, waits=True) == "waiting_for_token"
    assert dt.timedelta(minutes=55) < shown.next_at - clock.now() <= dt.timedelta(minutes=61)


def test_a_lost_answer_costs_a_consent_perhaps_and_client_credentials_nothing(world: World) -> None:
    consented, by_credentials = world.consented(world.member("officer")), world.connected()
    for connection in (consented, by_credentials):
        ask_in_vain(connection)
    assert "will ask for a reconnect" in health.of(consented).lost
    assert "Nothing else was lost" in health.of(by_credentials).lost
    lifecycle.set_state(consented, ConnectionState.NEEDS_RECONNECT, reason="It died.")
    assert health.of(consented).lost == "" and health.of(consented).sentence == "It died."


def test_the_picture_of_a_budget_holds_those_that_wait_within_a_day(world: World) -> None:
    connection = world.connected()
    world.environment.tokens_per_hour = 1
    world.environment.save()
    queue.enqueue(connection, purpose=Purpose.WORK)
    [now] = health.all_budgets()
    assert now.waiting == 1 and now.tokens_used == 1
    [mark] = now.marks
    assert not mark.urgent and 35 <= mark.x <= 43  # an hour of 24, in thousandths
    assert not now.is_available_now and now.wait_reason
