"""Whoever leaves an organization takes their consent along."""

import pytest

from integrations.connections.grants import consent
from integrations.connections.models import (
    Connection,
    ConnectionState,
    ConsentAttempt,
    RequestState,
    Token,
    TokenRequest,
)
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.organizations import members
from portal.organizations.models import Membership
from tests.world import SESSION, World

pytestmark = pytest.mark.django_db


def leave(world: World, person: User) -> None:
    members.remove(membership=Membership.objects.get(user=person), actor=world.operator)


def test_the_tokens_of_a_member_who_leaves_are_forgotten(world: World) -> None:
    officer = world.member("officer")
    connection = consent.finish(world.come_back(officer), user=officer, session=SESSION)
    leave(world, officer)
    connection.refresh_from_db()
    assert (connection.state, connection.reason) == (
        ConnectionState.REVOKED,
        "The person left the organization.",
    )
    assert not Token.objects.exists()
    assert Entry.objects.filter(action="connection.revoked", object_id=str(connection.pk)).exists()


def test_a_colleagues_connection_stays(world: World) -> None:
    officer, colleague = world.member("officer"), world.member("admin")
    consent.finish(world.come_back(colleague), user=colleague, session=SESSION)
    leave(world, officer)
    assert Connection.objects.get(user=colleague).state == ConnectionState.ACTIVE


def test_somebody_on_the_way_to_total_expert_comes_back_to_nothing(world: World) -> None:
    officer = world.member("officer")
    returned = world.come_back(officer)
    leave(world, officer)
    assert TokenRequest.objects.get().state == RequestState.RELEASED
    assert not ConsentAttempt.objects.exists()
    with pytest.raises(consent.ResponseRefused):
        consent.finish(returned, user=officer, session=SESSION)
    assert not Token.objects.exists()


def test_somebody_removed_while_their_code_is_exchanged_stays_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.member("officer")
    returned = world.come_back(officer)
    exchange = consent._exchange_code

    def exchange_and_be_removed(*arguments: object) -> None:
        exchange(*arguments)
        leave(world, officer)

    monkeypatch.setattr(consent, "_exchange_code", exchange_and_be_removed)
    with pytest.raises(consent.ResponseRefused, match="no longer allowed to connect"):
        consent.finish(returned, user=officer, session=SESSION)
    assert not Token.objects.exists()
    assert Connection.objects.get(user=officer).state != ConnectionState.ACTIVE


def test_a_member_who_may_no_longer_connect_once_their_code_is_exchanged_gets_no_connection(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    officer = world.member("officer")
    returned = world.come_back(officer)
    exchange = consent._exchange_code

    def exchange_and_become_a_viewer(*arguments: object) -> None:
        exchange(*arguments)
        Membership.objects.filter(user=officer).update(role="viewer")

    monkeypatch.setattr(consent, "_exchange_code", exchange_and_become_a_viewer)
    with pytest.raises(consent.ResponseRefused, match="no longer allowed to connect"):
        consent.finish(returned, user=officer, session=SESSION)
    assert not Token.objects.exists()
    assert Connection.objects.get(user=officer).state != ConnectionState.ACTIVE


def test_somebody_who_may_no_longer_connect_when_they_come_back_is_refused(world: World) -> None:
    officer = world.member("officer")
    returned = world.come_back(officer)
    Membership.objects.filter(user=officer).update(role="viewer")
    with pytest.raises(consent.ResponseRefused):
        consent.finish(returned, user=officer, session=SESSION)
    assert not Token.objects.exists()
    assert len(world.sandbox.requests("/v1/token")) == 0
