"""Consents of one person in several tabs: each works, they share one slot, and the first to finish connects."""

import threading

import pytest
from django.db import connections

from integrations.connections import lifecycle
from integrations.connections.grants import consent
from integrations.connections.limits import ledger
from integrations.connections.models import (
    Connection,
    ConnectionState,
    ConsentAttempt,
    RequestState,
    TokenRequest,
)
from integrations.total_expert import Rejected
from portal.core import clock
from tests.world import CEDAR, SESSION, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(world: World):
    return world.member("admin")


@pytest.mark.parametrize("first", [0, 1])
def test_two_tabs_share_a_slot_and_the_second_to_finish_is_connected_already(
    world: World, admin, first: int
) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    tabs = [world.come_back(admin) for _ in range(2)]
    assert TokenRequest.objects.count() == 1
    connection = consent.finish(tabs[first], user=admin, session=SESSION)
    with pytest.raises(consent.AlreadyConnected) as already:
        consent.finish(tabs[1 - first], user=admin, session=SESSION)
    assert already.value.connection == connection
    assert [row.state for row in TokenRequest.objects.all()] == [RequestState.GRANTED]


def test_declining_in_one_tab_leaves_the_other_its_slot(world: World, admin) -> None:
    denied, allowed = world.come_back(admin, "Deny"), world.come_back(admin)
    with pytest.raises(consent.AccessDenied):
        consent.finish(denied, user=admin, session=SESSION)
    assert consent.finish(allowed, user=admin, session=SESSION).state == ConnectionState.ACTIVE


def test_a_second_tab_holds_the_slot_for_its_own_ten_minutes(world: World, admin) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    world.begin(admin)
    world.sandbox.pass_time(consent.ATTEMPT_LIFETIME.total_seconds() - 60)
    later = world.begin(admin)
    world.sandbox.pass_time(120)
    with pytest.raises(ledger.NoSlot):
        world.begin(world.member("admin"))
    answer = world.sandbox.consent(later, world.sandbox.officers(CEDAR)[0])
    returned = consent.AuthorizationResponse("sandbox", answer["state"], answer["code"])
    assert consent.finish(returned, user=admin, session=SESSION).state == ConnectionState.ACTIVE


def test_a_tab_that_finishes_after_the_connection_was_revoked_is_not_connected(world: World, admin) -> None:
    tabs = [world.come_back(admin) for _ in range(2)]
    lifecycle.revoke(consent.finish(tabs[0], user=admin, session=SESSION), actor=admin)
    with pytest.raises(consent.ResponseRefused, match="time is over"):
        consent.finish(tabs[1], user=admin, session=SESSION)


def test_a_return_during_another_one_waits_and_can_be_tried_again(
    world: World, admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consent, "WAIT_SECONDS", 0.05)
    tabs = [world.come_back(admin) for _ in range(2)]
    in_progress = ConsentAttempt.objects.order_by("created_at")[:1]
    ConsentAttempt.objects.filter(pk__in=list(in_progress.values_list("pk", flat=True))).update(
        consumed_at=clock.now()
    )
    for returned in tabs:
        with pytest.raises(consent.StillConnecting):
            consent.finish(returned, user=admin, session=SESSION)
    clock.advance(consent.EXCHANGE_DURATION.total_seconds() + 1)  # its process died
    with pytest.raises(Rejected, match="too old"):
        world.sandbox.pass_time(60)
        consent.finish(tabs[1], user=admin, session=SESSION)
    assert consent.finish(world.come_back(admin), user=admin, session=SESSION)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_return", [True, False])
def test_two_returns_at_the_same_moment_connect_once(world: World, admin, same_return: bool) -> None:
    first = world.come_back(admin)
    returns = [first, first if same_return else world.come_back(admin)]
    answers: list[object] = []
    start = threading.Barrier(2)

    def come_back(returned: consent.AuthorizationResponse) -> None:
        start.wait()
        try:
            answers.append(consent.finish(returned, user=admin, session=SESSION))
        except consent.AlreadyConnected as already:
            answers.append(already.connection)
        except Exception as problem:
            answers.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=come_back, args=[returned]) for returned in returns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    connection = Connection.objects.get()
    assert answers == [connection, connection]
    assert TokenRequest.objects.filter(state=RequestState.GRANTED).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_start_at_the_same_moment_reserve_one_slot(world: World, admin) -> None:
    start = threading.Barrier(3)

    def begin() -> None:
        start.wait()
        world.begin(admin)
        connections.close_all()

    threads = [threading.Thread(target=begin) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TokenRequest.objects.filter(state=RequestState.RESERVED).count() == 1
    assert ConsentAttempt.objects.count() == 3
