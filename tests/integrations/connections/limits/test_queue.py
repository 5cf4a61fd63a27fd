"""Demands: who stands in the queue for tokens, in which place, and until when."""

import datetime as dt

import pytest

from integrations.connections import lifecycle
from integrations.connections.client import client_for
from integrations.connections.grants import client_credentials, consent
from integrations.connections.limits import budgets, forecast, ledger, queue
from integrations.connections.limits.scheduler import Rank
from integrations.connections.models import Connection, Purpose, RequestState, Token, TokenDemand
from integrations.connections.tokens import access
from integrations.total_expert import TryLater
from portal.core import clock
from tests.world import BLUEWATER, SESSION, World

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def limit(world: World, tokens_per_hour: int) -> None:
    world.environment.tokens_per_hour = tokens_per_hour
    world.environment.save()


def waiting_ids(connection: Connection) -> list[str]:
    budget = budgets.for_connection(connection)
    return [demand.connection_id for demand in queue.load_waiting(budget, forecast.load_usage(budget))]


def test_a_request_that_gets_no_answer_leaves_its_place_in_the_queue(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    asked = queue.enqueue(connection, purpose=Purpose.WORK).requested_at
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 503, "times": 1})
    world.sandbox.pass_time(30)
    with pytest.raises(TryLater):
        access.get_access_token(connection)
    assert TokenDemand.objects.get().requested_at == asked
    assert access.get_access_token(connection)
    assert not TokenDemand.objects.exists()


def test_what_an_operator_moved_forward_is_tried_once_in_that_place(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    queue.enqueue(connection, purpose=Purpose.WORK)
    queue.prioritize(connection, actor=world.operator)
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 503, "times": 1})
    with pytest.raises(TryLater):
        access.get_access_token(connection)
    assert TokenDemand.objects.get().prioritized_at is None


def test_whose_request_is_under_way_waits_for_no_other(world: World) -> None:
    connection = world.connected()
    request = ledger.open_request(connection, purpose=Purpose.WORK, fence=1)
    assert TokenDemand.objects.exists() and waiting_ids(connection) == []
    ledger.close_request(request, RequestState.LOST)
    assert waiting_ids(connection) == [str(connection.pk)]


def test_work_keeps_its_place_when_its_person_denies_a_new_consent(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    Token.objects.update(access_expires_at=None)
    queue.enqueue(connection, purpose=Purpose.WORK)
    returned = world.come_back(officer, "Deny")
    assert waiting_ids(connection) == [], "a slot is reserved for it"
    with pytest.raises(consent.AccessDenied):
        consent.finish(returned, user=officer, session=SESSION)
    assert waiting_ids(connection) == [str(connection.pk)]


def test_a_token_for_work_leaves_the_person_who_waits_to_consent_in_the_queue(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    Token.objects.update(access_expires_at=None)
    queue.enqueue(connection, purpose=Purpose.CONSENT)
    assert access.get_access_token(connection)
    assert [row.purpose for row in TokenDemand.objects.all()] == [Purpose.CONSENT]


def test_whoever_consents_again_for_a_paused_connection_keeps_the_place(world: World) -> None:
    first, second = world.member("officer"), world.member("officer")
    lifecycle.pause(world.consented(first), actor=first)
    limit(world, 1)
    told = []
    for person in (first, second, first):
        with pytest.raises(ledger.NoSlot) as refused:
            world.begin(person)
        told.append(refused.value.at)
    assert told[2] == told[0] < told[1]


def test_work_of_a_paused_connection_holds_up_nobody_and_has_its_place_afterwards(world: World) -> None:
    paused, other = world.connected(), world.connected(BLUEWATER)
    for connection, stale in ((paused, 9), (other, 5)):
        queue.enqueue(connection, purpose=Purpose.WORK, stale_since=clock.now() - stale * HOUR)
    asked = TokenDemand.objects.get(connection=paused).requested_at
    lifecycle.pause(paused, actor=world.operator)
    assert waiting_ids(paused) == [str(other.pk)]
    lifecycle.resume(paused, actor=world.operator)
    queue.enqueue(paused, purpose=Purpose.WORK)
    assert set(waiting_ids(paused)) == {str(paused.pk), str(other.pk)}
    assert TokenDemand.objects.get(connection=paused).requested_at == asked


def test_of_privacy_requests_the_nearest_deadline_goes_first(world: World) -> None:
    late, soon = world.connected(), world.connected(BLUEWATER)
    limit(world, 1)
    Token.objects.update(access_expires_at=None)
    for connection, days in ((late, 20), (soon, 3)):
        due = clock.now() + dt.timedelta(days=days)
        with (
            client_for(connection, purpose=Purpose.PRIVACY, due_at=due) as client,
            pytest.raises(ledger.NoSlot),
        ):
            client.contacts.list()
    _, first = forecast.for_connection(soon)
    _, second = forecast.for_connection(late)
    assert first.rank == second.rank == Rank.PRIVACY
    assert first.at < second.at


def test_a_merged_demand_is_the_most_urgent_of_all_that_is_wanted(world: World) -> None:
    connection = world.connected()
    queue.enqueue(connection, purpose=Purpose.WORK, stale_since=clock.now() - 9 * HOUR)
    world.sandbox.pass_time(60)
    queue.enqueue(connection, purpose=Purpose.PERSON)
    budget = budgets.for_connection(connection)
    [merged] = queue.load_waiting(budget, forecast.load_usage(budget))
    assert merged.rank == Rank.PERSON
    assert merged.stale_since <= clock.now() - 9 * HOUR
    assert merged.requested_at <= clock.now() - dt.timedelta(seconds=59)


def test_credentials_that_take_over_serve_what_waited(world: World) -> None:
    connection = world.connected()
    Token.objects.update(access_expires_at=None)
    queue.enqueue(connection, purpose=Purpose.WORK)
    world.propose()
    client_credentials.activate_candidate(connection)
    assert not TokenDemand.objects.exists()


def test_a_rank_is_written_down_as_it_was_and_counts_for_who_comes_next(world: World) -> None:
    connection = world.connected()
    queue.enqueue(connection, purpose=Purpose.WORK)
    queue.prioritize(connection, actor=world.operator)
    ledger.close_request(ledger.open_request(connection, purpose=Purpose.WORK, fence=1), RequestState.GRANTED)
    assert forecast.load_usage(budgets.for_connection(connection)).recent[-1] == Rank.PRIORITIZED
