"""Tokens that Total Expert refuses: proven bad before they are thrown away."""

import pytest

from integrations.connections.client import client_for
from integrations.connections.models import (
    Call,
    Connection,
    ConnectionState,
)
from integrations.connections.tokens import access
from integrations.total_expert import ReconnectRequired, TryLater
from tests.world import World

pytestmark = pytest.mark.django_db


def test_new_tokens_that_are_refused_for_minutes_need_a_person(world: World) -> None:
    connection = world.connected()
    world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds())
    world.sandbox.faults({"path": "/v1/contacts", "status": 401}, {"path": "/v1/teapot", "status": 401})
    for _ in range(2):
        with client_for(connection) as client, pytest.raises(TryLater):
            client.contacts.list()
        assert Connection.objects.get().state == ConnectionState.ACTIVE
        world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds() / 2 + 1)
    with client_for(connection) as client, pytest.raises(ReconnectRequired):
        client.contacts.list()
    row = Connection.objects.get()
    assert row.state == ConnectionState.NEEDS_RECONNECT
    assert "just granted" in row.reason
    assert world.token_requests() == 2


def test_a_token_that_was_never_used_is_replaced_at_its_first_refusal(world: World) -> None:
    connection = world.connected()
    access.get_access_token(connection)
    Call.objects.all().delete()
    world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds() + 1)
    world.sandbox.faults(
        {"path": "/v1/contacts", "status": 401, "times": 1},
        {"path": "/v1/teapot", "status": 401, "times": 1},
    )
    with client_for(connection) as client:
        client.contacts.list()
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    assert world.token_requests() == 2


@pytest.mark.parametrize("bad_checks", [0, 1])
def test_a_storm_of_refusals_costs_one_token_request_at_most(
    world: World, monkeypatch: pytest.MonkeyPatch, bad_checks: int
) -> None:
    """20 seconds of 401 on one call in five, under two connections. Some hit the check of a token as well."""
    monkeypatch.setattr("integrations.total_expert.calls.PROOF_SECONDS", 0.0)
    pauses = monkeypatch.setattr("integrations.total_expert.calls.MAX_PAUSE", 0.0)
    connections_ = [world.connected(), world.consented(world.member("officer"))]
    world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds() + 1)
    sent, failed = world.token_requests(), 0
    world.sandbox.faults(
        {"path": "/v1/contacts", "status": 401, "rate": 0.2},
        {"path": "/v1/teapot", "status": 401, "rate": 0.2 * bad_checks},
    )
    for _ in range(20):
        for connection in connections_:
            try:
                with client_for(connection) as client:
                    client.contacts.list(size=1)
            except TryLater:
                failed += 1
        world.sandbox.pass_time(1)
    assert pauses is None and failed < 10
    assert world.token_requests() - sent <= len(connections_) * bad_checks
    assert {row.state for row in Connection.objects.all()} == {ConnectionState.ACTIVE}
    world.sandbox.faults()
    for connection in connections_:
        with client_for(connection) as client:
            assert client.teapot()


def test_a_token_that_total_expert_refuses_is_not_used_again(world: World) -> None:
    connection = world.connected()
    failed = access.get_access_token(connection)
    access.discard_access_token(connection, failed)
    assert access.get_access_token(connection) == failed, "it is new: another would not help"
    world.sandbox.pass_time(access.REPEAT_WINDOW.total_seconds() + 1)
    access.discard_access_token(connection, failed)
    fresh = access.get_access_token(connection)
    assert fresh != failed
    access.discard_access_token(connection, failed)
    assert access.get_access_token(connection) == fresh
