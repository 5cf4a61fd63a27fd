"""Renewals in which something goes wrong: with the database, the answer, the process, or the refusal's reason."""

import datetime as dt

import pytest
from django.db import OperationalError

from integrations import total_expert
from integrations.connections import signals
from integrations.connections.limits import ledger
from integrations.connections.models import Connection, ConnectionState, Purpose, RequestState, Token
from integrations.connections.tokens import access, keep_alive, leases
from integrations.total_expert import ReconnectRequired, TryLater, oauth
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db
DAY = 24 * 3600.0


@pytest.fixture
def consented(world: World) -> Connection:
    return world.consented(world.member("officer"))


def test_a_database_that_fails_for_a_moment_costs_no_grant(
    world: World, consented: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    Token.objects.update(access_expires_at=None)
    real, failed = access.write_pair, []

    def put(*args: object) -> None:
        if len(failed) < 2:
            failed.append(1)
            raise OperationalError("server closed the connection unexpectedly")
        real(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(access, "write_pair", put)
    monkeypatch.setattr(access, "STORE_RETRY_DELAY", 0)
    monkeypatch.setattr(access.database, "close", lambda: None)
    requests = len(world.sandbox.requests("/v1/token"))
    assert access.get_access_token(consented)
    assert len(world.sandbox.requests("/v1/token")) == requests + 1
    world.sandbox.pass_time(3700)
    assert access.get_access_token(Connection.objects.get()), "the new refresh token was kept"


def test_a_refresh_token_that_is_not_replaced_lives_on_from_its_use(
    world: World, consented: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.sandbox.pass_time(10.5 * DAY)
    kept = str(Token.objects.get().refresh_token)
    answer = total_expert.TokenResponse("access", 3600, frozenset({"crm"}), None)
    monkeypatch.setattr(oauth, "refresh", lambda *args, **more: answer)
    assert [row.pk for row in keep_alive.find_due()] == [consented.pk]
    assert keep_alive.renew(consented)
    assert keep_alive.find_due() == [], "it is not renewed again and again"
    token = Token.objects.get()
    assert str(token.refresh_token) == kept
    assert token.refresh_expires_at is not None and token.refresh_expires_at > clock.now() + dt.timedelta(
        days=13
    )


def test_a_wrong_secret_after_a_lost_answer_is_not_called_a_lost_refresh_token(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "drop": "after", "times": 1})
    with pytest.raises(TryLater):
        access.get_access_token(connection)
    row = Connection.objects.get()
    row.client_secret = "wrong"
    row.save()
    with pytest.raises(ReconnectRequired) as refused:
        access.get_access_token(Connection.objects.get())
    assert "refresh token" not in str(refused.value)
    assert Connection.objects.get().state == ConnectionState.NEEDS_RECONNECT


def test_a_refused_token_is_forgotten_although_a_holder_died_before(world: World) -> None:
    connection = world.connected()
    refused = access.get_access_token(connection)
    world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds() + 1)
    Token.objects.update(lease_expires_at=clock.now() - dt.timedelta(hours=1))
    access.discard_access_token(connection, refused)
    assert access.get_access_token(connection) != refused


def test_the_request_of_proposed_credentials_is_not_taken_for_a_dead_holders(world: World) -> None:
    connection = world.connected()
    under_way = ledger.open_request(connection, purpose=Purpose.PERSON, fence=0)
    assert leases.take_lease(connection, leases.get_token(connection)) is not None
    assert ledger.close_request(under_way, RequestState.GRANTED)


def test_an_answer_that_came_later_than_was_thought_possible_counts_from_then(world: World) -> None:
    connection = world.connected()
    request = ledger.open_request(connection, purpose=Purpose.WORK, fence=1)
    world.sandbox.pass_time(200)
    leases.close_abandoned_requests()
    assert not ledger.close_request(request, RequestState.REFUSED)
    request.refresh_from_db()
    assert request.state == RequestState.LOST
    assert request.ended_at is not None and clock.now() - request.ended_at < dt.timedelta(seconds=5)


def test_a_lease_of_a_clock_that_was_put_back_is_free(world: World) -> None:
    connection = world.connected()
    Token.objects.update(lease_expires_at=clock.now() + dt.timedelta(days=30), access_expires_at=None)
    assert access.get_access_token(connection)


def test_what_waits_goes_on_only_once_the_connection_works(
    world: World, consented: Connection, django_capture_on_commit_callbacks
) -> None:
    Connection.objects.update(state=ConnectionState.NEEDS_RECONNECT)
    seen: list[str] = []

    def look(sender: object, *, connection: Connection, **_: object) -> None:
        seen.append(Connection.objects.get(pk=connection.pk).state)

    signals.connection_ready.connect(look)
    with django_capture_on_commit_callbacks(execute=True):
        world.consented(consented.user)
    signals.connection_ready.disconnect(look)
    assert seen and set(seen) == {ConnectionState.ACTIVE}
