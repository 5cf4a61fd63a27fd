"""Tokens: renewed once by whoever gets the lease, and never lost without saying so."""

import datetime as dt
import threading

import pytest
from django.db import connections

from integrations import total_expert
from integrations.connections import lifecycle
from integrations.connections.client import client_for
from integrations.connections.grants import consent
from integrations.connections.limits import budgets, forecast, ledger, permits
from integrations.connections.models import (
    Budget,
    Connection,
    ConnectionState,
    Environment,
    Purpose,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import access, leases
from integrations.total_expert import ReconnectRequired, Rejected, TryLater, oauth
from integrations.total_expert.transport import sessions
from portal.core import clock
from tests.world import SESSION, World

pytestmark = pytest.mark.django_db


def test_no_request_outlives_its_lease_or_its_place_in_the_ledger() -> None:
    longest = access.SEND_WITHIN + dt.timedelta(seconds=sessions.DEADLINE)
    to_store = dt.timedelta(seconds=30)
    assert longest < forecast.IN_FLIGHT < leases.LEASE_DURATION - to_store
    assert oauth.TIMEOUT[1] >= sessions.DEADLINE, "a slow answer is waited for"


def test_a_good_token_is_used_without_asking_again(world: World) -> None:
    connection = world.connected()
    assert access.get_access_token(connection) == access.get_access_token(connection)
    assert world.token_requests() == 1


def test_an_expired_token_is_renewed_by_client_credentials(world: World) -> None:
    connection = world.connected()
    first = access.get_access_token(connection)
    world.sandbox.pass_time(3600)
    assert access.get_access_token(connection) != first
    assert world.token_requests() == 2


def test_a_refresh_stores_the_rotated_pair_and_counts_fourteen_days_anew(
    world: World, consented: Connection
) -> None:
    before = Token.objects.get()
    world.sandbox.pass_time(13 * 24 * 3600)
    access.get_access_token(consented)
    after = Token.objects.get()
    assert after.refresh_token != before.refresh_token
    assert before.refresh_expires_at and after.refresh_expires_at
    assert after.refresh_expires_at - before.refresh_expires_at > dt.timedelta(days=12)
    world.sandbox.pass_time(3600)
    assert access.get_access_token(consented)


def test_a_dead_refresh_token_asks_for_a_reconnect_without_a_request(
    world: World, consented: Connection
) -> None:
    world.sandbox.pass_time(14 * 24 * 3600 + 1)
    sent = world.token_requests()
    with pytest.raises(ReconnectRequired):
        access.get_access_token(consented)
    assert world.token_requests() == sent
    assert Connection.objects.get().state == ConnectionState.NEEDS_RECONNECT


def test_a_refused_refresh_says_so_on_the_connection(world: World, consented: Connection) -> None:
    token = Token.objects.get()
    token.refresh_token = "0" * 40
    token.access_expires_at = None
    token.save()
    with pytest.raises(ReconnectRequired):
        access.get_access_token(consented)
    row = Connection.objects.get()
    assert row.state == ConnectionState.NEEDS_RECONNECT
    assert row.reason
    assert "0000" not in row.reason


def test_without_a_slot_nothing_is_sent_and_the_time_is_told(world: World) -> None:
    connection = world.connected()
    world.environment.tokens_per_hour = 1
    world.environment.save()
    connection.installation.environment.refresh_from_db()
    Token.objects.update(access_expires_at=None)
    with pytest.raises(ledger.NoSlot) as refused:
        access.get_access_token(connection)
    assert refused.value.at > clock.now()
    assert world.token_requests() == 1
    assert Token.objects.get().lease_expires_at is None


@pytest.mark.parametrize(
    ("state", "error"),
    [
        (ConnectionState.PAUSED, TryLater),
        (ConnectionState.REVOKED, ReconnectRequired),
        (ConnectionState.QUARANTINED, ReconnectRequired),
    ],
)
def test_nothing_is_sent_for_a_closed_connection(
    world: World, state: ConnectionState, error: type[Exception]
) -> None:
    connection = world.connected()
    requests = len(world.sandbox.requests())
    lifecycle.set_state(connection, state)
    with pytest.raises(error):
        access.get_access_token(Connection.objects.get())
    assert len(world.sandbox.requests()) == requests


def test_a_lost_answer_counts_and_the_next_try_goes_on(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "drop": "after", "times": 1})
    with pytest.raises(TryLater):
        access.get_access_token(connection)
    assert TokenRequest.objects.filter(state=RequestState.LOST).count() == 1
    assert access.get_access_token(connection)


def test_a_holder_that_died_leaves_a_line_that_is_explained_and_counted(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    lease = leases.take_lease(connection, Token.objects.get())
    assert lease is not None
    ledger.open_request(connection, purpose=Purpose.WORK, fence=lease.fence)
    assert leases.take_lease(connection, Token.objects.get()) is None
    world.sandbox.pass_time(leases.LEASE_DURATION.total_seconds() + 1)
    assert access.get_access_token(connection)
    assert TokenRequest.objects.filter(state=RequestState.LOST).count() == 1


def test_a_holder_that_wakes_up_late_does_not_overwrite_the_newer_pair(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    late = leases.take_lease(connection, Token.objects.get())
    assert late is not None
    request = ledger.open_request(connection, purpose=Purpose.WORK, fence=late.fence)
    world.sandbox.pass_time(leases.LEASE_DURATION.total_seconds() + 1)
    current = access.get_access_token(connection)
    sent = world.token_requests()
    send = access._prepare_request(late)
    with pytest.raises(TryLater):
        access.send_and_store(late, request, send)
    assert Token.objects.get().access_token == current
    assert world.token_requests() == sent


def test_a_process_that_was_stopped_between_permission_and_sending_sends_nothing(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    lease = leases.take_lease(connection, Token.objects.get())
    assert lease is not None
    request = ledger.open_request(connection, purpose=Purpose.WORK, fence=lease.fence)
    world.sandbox.pass_time(access.SEND_WITHIN.total_seconds() + 1)
    sent = world.token_requests()
    with pytest.raises(TryLater, match="held up"):
        access.send_and_store(lease, request, access._prepare_request(lease))
    assert world.token_requests() == sent
    assert TokenRequest.objects.get(pk=request.pk).state == RequestState.RELEASED
    assert access.get_access_token(connection)


def test_a_token_request_is_a_call_and_waits_for_its_permit(world: World) -> None:
    connection = world.connected()
    Environment.objects.update(calls_per_minute=1000)
    Token.objects.update(access_expires_at=None)
    sent, budget = world.token_requests(), budgets.for_connection(connection)
    Budget.objects.update(others_calls=1000)
    with pytest.raises(TryLater, match="use all calls"):
        access.get_access_token(connection)
    Budget.objects.update(others_calls=0)
    permits.slow_down(budget, status=503, after=40)
    with pytest.raises(TryLater, match="calls of this minute"):
        access.get_access_token(connection)
    assert world.token_requests() == sent
    assert not TokenRequest.objects.exclude(state=RequestState.RELEASED).filter(fence__gt=1).exists()
    clock.advance(60)
    assert access.get_access_token(connection)
    assert permits.calls_last_minute(budgets.for_connection(connection)) == 1


def test_a_pair_that_arrives_after_the_lease_is_kept_and_the_connection_recovers(
    world: World, consented: Connection
) -> None:
    Token.objects.update(access_expires_at=None)
    lease = leases.take_lease(consented, Token.objects.get())
    assert lease is not None
    request = ledger.open_request(consented, purpose=Purpose.WORK, fence=lease.fence)
    send = access._prepare_request(lease)

    def send_slowly() -> total_expert.TokenResponse:
        grant = send()
        world.sandbox.pass_time(leases.LEASE_DURATION.total_seconds() + 1)
        with pytest.raises(ReconnectRequired, match="was lost"):
            access.get_access_token(Connection.objects.get())
        return grant

    stored = access.send_and_store(lease, request, send_slowly)
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    assert access.get_access_token(consented) == stored.access_token


def test_a_renewal_that_is_answered_after_a_new_consent_does_not_overwrite_its_pair(
    world: World, consented: Connection
) -> None:
    Token.objects.update(access_expires_at=None)
    lease = leases.take_lease(consented, Token.objects.get())
    assert lease is not None and consented.user is not None
    request = ledger.open_request(consented, purpose=Purpose.WORK, fence=lease.fence)
    renew, person = access._prepare_request(lease), consented.user

    def answer_late() -> total_expert.TokenResponse:
        answer = renew()
        world.sandbox.pass_time(leases.LEASE_DURATION.total_seconds() + 1)
        consent.finish(world.come_back(person), user=person, session=SESSION)
        return answer

    with pytest.raises(TryLater, match="reconnected or revoked"):
        access.send_and_store(lease, request, answer_late)
    granted = TokenRequest.objects.get(purpose=Purpose.CONSENT, state=RequestState.GRANTED, at__gt=request.at)
    token = Token.objects.get()
    assert token.access_expires_at is not None and granted.ended_at is not None
    assert token.access_expires_at - granted.ended_at > dt.timedelta(minutes=59), (
        "the pair of the new consent"
    )
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    assert TokenRequest.objects.get(pk=request.pk).state == RequestState.LOST
    with client_for(consented) as client:
        client.contacts.list(size=1)


def test_what_a_lost_answer_cost_is_said(world: World, consented: Connection) -> None:
    Token.objects.update(access_expires_at=None)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "drop": "after", "times": 1})
    with pytest.raises(TryLater):
        access.get_access_token(consented)
    with pytest.raises(ReconnectRequired, match="was lost, and the new refresh token with it"):
        access.get_access_token(consented)
    assert "was lost" in Connection.objects.get().reason


def test_a_host_that_may_not_be_called_costs_no_slot(world: World, settings) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    settings.ENVIRONMENT_HOSTS = []
    with pytest.raises(Rejected):
        access.get_access_token(connection)
    assert TokenRequest.objects.count() == 1
    assert Token.objects.get().lease_expires_at is None


def test_an_application_that_was_taken_out_is_nobodys_dead_grant(world: World, consented: Connection) -> None:
    Token.objects.update(access_expires_at=None)
    world.environment.application.delete()
    with pytest.raises(ReconnectRequired, match="operator"):
        access.get_access_token(Connection.objects.get())
    assert Connection.objects.get().state == ConnectionState.ACTIVE


@pytest.mark.django_db(transaction=True)
def test_eight_threads_that_find_a_token_expired_send_one_request(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    barrier, got, failed = threading.Barrier(8), [], []

    def ask() -> None:
        try:
            barrier.wait()
            got.append(access.get_access_token(Connection.objects.get(pk=connection.pk)))
        except Exception as problem:  # told by the assertion below
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(set(got)) == 1
    assert world.token_requests() == 2


def test_a_token_request_that_is_one_too_many_over_there_is_counted_as_unexplained(
    world: World, consented: Connection
) -> None:
    world.sandbox.pass_time(3700)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 429, "times": 1})
    with pytest.raises(TryLater):
        access.get_access_token(consented)
    assert budgets.for_connection(consented).unexplained_refusals == 1
    consented.refresh_from_db()
    assert consented.state == ConnectionState.ACTIVE
    assert access.get_access_token(consented), "its refresh token was not spent"
