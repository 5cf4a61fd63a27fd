"""States of a connection: only moves that make sense, and a person's decision stands."""

import pytest

from integrations.connections import lifecycle
from integrations.connections.grants import consent
from integrations.connections.models import Connection, ConnectionState, Token
from portal.audit.models import Entry
from tests.world import SESSION, World

pytestmark = pytest.mark.django_db


def put(connection: Connection, state: ConnectionState) -> Connection:
    Connection.objects.filter(pk=connection.pk).update(state=state)
    connection.refresh_from_db()
    return connection


@pytest.mark.parametrize("state", sorted(set(ConnectionState) - {ConnectionState.ACTIVE}))
def test_only_an_active_connection_is_paused(world: World, state: ConnectionState) -> None:
    connection = put(world.connected(), state)
    assert not lifecycle.pause(connection, actor=world.operator)
    assert Connection.objects.get().state == state
    assert Connection.objects.get().paused_by is None


@pytest.mark.parametrize("state", sorted(set(ConnectionState) - {ConnectionState.PAUSED}))
def test_only_a_paused_connection_is_resumed(world: World, state: ConnectionState) -> None:
    connection = put(world.connected(), state)
    assert not lifecycle.resume(connection, actor=world.operator)
    assert Connection.objects.get().state == state


def test_a_pause_keeps_the_tokens_and_is_ended_by_resuming(world: World) -> None:
    connection = world.connected()
    assert lifecycle.pause(connection, actor=world.operator)
    assert Token.objects.get().access_token
    assert lifecycle.resume(connection, actor=world.operator)
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    assert [entry.action for entry in Entry.objects.filter(object_id=str(connection.pk))][:2] == [
        "connection.active",
        "connection.paused",
    ]


@pytest.mark.parametrize("paused_by", ["admin", "operator", "officer"])
@pytest.mark.parametrize("way", ["begun before the pause", "after revoking", "after the admin left"])
def test_new_access_ends_only_a_pause_that_its_person_may_end(world: World, paused_by: str, way: str) -> None:
    officer, admin = world.member("officer"), world.member("admin")
    connection = world.consented(officer)
    world.sandbox.pass_time(3700)
    response = world.come_back(officer)
    actor = {"admin": admin, "operator": world.operator, "officer": officer}[paused_by]
    assert lifecycle.pause(connection, actor=actor)
    if way == "after revoking":
        lifecycle.revoke(connection, actor=officer)
    if way == "after the admin left":
        admin.delete()
    connection = consent.finish(response, user=officer, session=SESSION)
    assert connection.is_paused == (paused_by != "officer")
    if connection.is_paused:
        assert lifecycle.resume(connection, actor=world.operator)
        world.sandbox.pass_time(3700)
        assert world.consented(officer).is_active, "a pause that ended is forgotten"


@pytest.mark.parametrize(
    "decided", [ConnectionState.REVOKED, ConnectionState.PAUSED, ConnectionState.QUARANTINED]
)
def test_a_refusal_that_comes_late_does_not_overwrite_what_was_decided(
    world: World, decided: ConnectionState
) -> None:
    connection = put(world.connected(), decided)
    assert not lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="refused")
    assert Connection.objects.get().state == decided


def test_a_revoked_connection_is_not_quarantined(world: World) -> None:
    connection = world.connected()
    lifecycle.revoke(connection, actor=world.operator)
    lifecycle.quarantine(connection, reason="foreign")
    assert Connection.objects.get().state == ConnectionState.REVOKED


def test_a_second_revocation_changes_nothing(world: World) -> None:
    connection = world.connected()
    assert lifecycle.revoke(connection, actor=world.operator)
    assert not lifecycle.revoke(connection, actor=world.operator, reason="The person left the organization.")
    assert Connection.objects.get().reason == "The portal deleted its tokens."
    assert Entry.objects.filter(action="connection.revoked").count() == 1
