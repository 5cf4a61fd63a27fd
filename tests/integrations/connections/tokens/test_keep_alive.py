"""Keeping grants alive: renewed from day nine, each at its own time; what dies is said, whoever noticed."""

import datetime as dt

import pytest

from integrations.connections import lifecycle
from integrations.connections.grants import client_credentials
from integrations.connections.limits import budgets, forecast, ledger, queue, scheduler
from integrations.connections.limits.scheduler import RENEW_AFTER
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Purpose,
    RequestState,
    Token,
    TokenDemand,
)
from integrations.connections.tokens import access, keep_alive
from integrations.total_expert import Rejected, TryLater
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = 24 * 3600.0


@pytest.fixture
def consented(world: World) -> Connection:
    return world.consented(world.member("officer"))


def dies_at(connection: Connection) -> dt.datetime:
    moment = Token.objects.get(connection=connection).refresh_expires_at
    assert moment is not None
    return moment


def test_a_grant_without_work_is_renewed_once_its_ninth_day_is_over(
    world: World, consented: Connection
) -> None:
    world.sandbox.pass_time(8.9 * DAY)
    assert keep_alive.find_due() == [] and not keep_alive.renew(consented)
    world.sandbox.pass_time(1.2 * DAY)
    assert keep_alive.find_due() == [consented]
    before = dies_at(consented)
    assert keep_alive.renew(consented)
    assert dies_at(consented) > before + dt.timedelta(days=9)
    assert keep_alive.find_due() == [] and not keep_alive.renew(consented)


def test_those_who_consented_together_are_renewed_at_different_times() -> None:
    at = clock.now()
    ripe = {keep_alive.renewal_due_at(str(Connection().pk), at) for _ in range(50)}
    assert len(ripe) == 50
    assert max(ripe) - min(ripe) > keep_alive.JITTER / 2
    first = at - access.REFRESH_TOKEN_LIFETIME + RENEW_AFTER
    assert first <= min(ripe) and max(ripe) <= first + keep_alive.JITTER


def test_with_two_days_left_it_goes_before_a_person(world: World, consented: Connection) -> None:
    other = world.connected()
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.sandbox.pass_time(12.5 * DAY)
    ledger.close_request(ledger.open_request(other, purpose=Purpose.WORK, fence=0), RequestState.REFUSED)
    with pytest.raises(TryLater):
        keep_alive.renew(consented)
    now = forecast.load_usage(budgets.for_connection(other))
    person = scheduler.Demand("person", scheduler.Rank.PERSON, now.at, now.at, now.at)
    planned = list(scheduler.plan(now, [*queue.load_waiting(budgets.for_connection(other), now), person]))
    assert [turn.rank for turn in planned] == [scheduler.Rank.EXPIRING, scheduler.Rank.PERSON]


def test_who_is_about_to_die_is_told_also_when_paused(world: World, consented: Connection) -> None:
    lifecycle.pause(consented, actor=world.operator)
    world.sandbox.pass_time(11.9 * DAY)
    assert list(keep_alive.find_expiring()) == []
    world.sandbox.pass_time(0.2 * DAY)
    assert list(keep_alive.find_expiring()) == [consented] and keep_alive.find_due() == []


def test_a_grant_that_died_asks_for_a_reconnect_and_keeps_its_id(world: World, consented: Connection) -> None:
    world.sandbox.pass_time(14.1 * DAY)
    assert keep_alive.mark_expired() == [consented]
    consented.refresh_from_db()
    assert (consented.state, consented.reason) == (ConnectionState.NEEDS_RECONNECT, access.EXPIRED_REASON)
    assert keep_alive.mark_expired() == []
    assert consented.user is not None
    assert world.consented(consented.user).pk == consented.pk


def test_an_application_that_is_not_known_any_more_costs_one_token_request_and_no_grant(
    world: World, consented: Connection
) -> None:
    second = world.consented(world.member("officer"), officer=1)
    application = world.environment.application
    known = application.client_secret
    application.client_secret = "another"
    application.save()
    world.sandbox.pass_time(3700)
    before = len(world.sandbox.requests("/v1/token"))
    for connection in (consented, second):
        with pytest.raises(Rejected) as refused:
            access.get_access_token(connection)
        assert refused.value.code == "application_refused"
        connection.refresh_from_db()
        assert connection.state == ConnectionState.ACTIVE
    assert len(world.sandbox.requests("/v1/token")) == before + 1
    client_credentials.set_application(
        environment=world.environment,
        client_id=str(application.client_id),
        client_secret=str(known),
        scopes=application.scopes,
        actor=world.operator,
    )
    assert access.get_access_token(consented) and access.get_access_token(second)
    assert not TokenDemand.objects.exists()
