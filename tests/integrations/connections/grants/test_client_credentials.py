"""Client credentials: checked offline, tried once, kept only when they work."""

import pytest

from integrations.connections import installations, lifecycle
from integrations.connections.grants import client_credentials
from integrations.connections.models import (
    Connection,
    ConnectionState,
    CredentialCandidate,
    Token,
    TokenRequest,
)
from integrations.total_expert import Rejected, TryLater
from portal.accounts.models import User
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("client_id", "client_secret", "says"),
    [
        ("", "secret", "client ID is empty"),
        ("id", "  ", "secret is empty"),
        ("id", "two words", "contains white space"),
        ("id", "x" * 300, "longer than"),
        ("a:b", "secret", "colon"),
        ("same", "same", "are the same"),
    ],
)
def test_what_cannot_be_right_is_refused_offline(client_id: str, client_secret: str, says: str) -> None:
    with pytest.raises(Rejected, match=says) as refused:
        client_credentials.validate(client_id, client_secret)
    if len(client_secret.strip()) > 8:
        assert client_secret not in str(refused.value)


def test_white_space_around_a_pasted_secret_is_taken_off(world: World) -> None:
    theirs = world.sandbox.organization(CEDAR)
    connection = world.propose(
        client_id=f" {theirs['client_id']}\n", client_secret=f"\t{theirs['client_secret']} \n"
    )
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_granted_credentials_are_kept_with_one_token_request(world: World) -> None:
    connection = world.connected()
    row = Connection.objects.get(pk=connection.pk)
    assert row.state == ConnectionState.ACTIVE
    assert "leadInteraction" in row.granted_scopes
    assert row.client_secret == world.sandbox.organization(CEDAR)["client_secret"]
    assert not CredentialCandidate.objects.exists()
    assert len(world.sandbox.requests("/v1/token")) == 1
    assert Token.objects.get(connection=row).access_token


def test_a_wrong_secret_is_refused_with_a_sentence_and_forgotten(world: World) -> None:
    connection = world.propose(client_secret="wrong-canary")
    with pytest.raises(Rejected, match="doesn't know this client ID and client secret in Sandbox") as refused:
        client_credentials.activate_candidate(connection)
    assert "canary" not in str(refused.value)
    assert not CredentialCandidate.objects.exists()
    assert Connection.objects.get().state == ConnectionState.PENDING
    assert [row.state for row in TokenRequest.objects.all()] == ["refused"]


def test_wrong_new_credentials_leave_a_working_connection_as_it_was(world: World) -> None:
    connection = world.connected()
    world.propose(client_secret="wrong")
    with pytest.raises(Rejected):
        client_credentials.activate_candidate(connection)
    row = Connection.objects.get()
    assert row.pk == connection.pk
    assert row.state == ConnectionState.ACTIVE
    assert row.client_secret == world.sandbox.organization(CEDAR)["client_secret"]


def test_another_organizations_client_id_is_refused_before_a_token_is_spent(world: World) -> None:
    world.connected(CEDAR)
    theirs = world.sandbox.organization(CEDAR)
    with pytest.raises(Rejected, match="Another organization"):
        world.propose(BLUEWATER, client_id=theirs["client_id"], client_secret=theirs["client_secret"])
    assert len(world.sandbox.requests("/v1/token")) == 1


def test_a_sandbox_that_is_down_keeps_the_credentials_for_later(world: World) -> None:
    connection = world.propose()
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "status": 503, "times": 1})
    with pytest.raises(TryLater):
        client_credentials.activate_candidate(connection)
    assert CredentialCandidate.objects.exists()
    client_credentials.activate_candidate(connection)
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_reconnecting_after_revoking_keeps_the_connections_id(world: World) -> None:
    connection = world.connected()
    lifecycle.revoke(connection, actor=world.operator)
    assert not Token.objects.exists()
    assert Connection.objects.get().client_secret is None
    assert world.connected().pk == connection.pk
    assert Connection.objects.get().state == ConnectionState.ACTIVE


def test_after_a_refusal_an_organizations_admin_waits_an_hour_and_an_operator_does_not(world: World) -> None:
    installation = world.connected(BLUEWATER).installation
    admin = world.member("admin", BLUEWATER)
    world.sandbox.pass_time(3601)
    wrong = {"installation": installation, "client_id": "nobodys", "client_secret": "nonsense"}
    with pytest.raises(Rejected, match="doesn't know"):
        client_credentials.activate_candidate(client_credentials.propose(**wrong, actor=admin))
    with pytest.raises(Rejected, match="tried recently"):
        client_credentials.propose(**wrong, actor=admin)
    client_credentials.propose(**wrong, actor=world.operator)
    CredentialCandidate.objects.all().delete()
    world.sandbox.pass_time(3601)
    client_credentials.propose(**wrong, actor=admin)


def paste(world: World, *, secret: str, actor: User) -> Connection:
    theirs = world.sandbox.organization(CEDAR)
    return client_credentials.propose(
        installation=installations.get_or_create(world.organization(), world.environment),
        client_id=theirs["client_id"],
        client_secret=secret,
        actor=actor,
    )


def test_what_a_connection_works_with_already_is_not_tried_again(world: World) -> None:
    world.connected()
    world.sandbox.pass_time(3601)
    theirs = world.sandbox.organization(CEDAR)["client_secret"]
    with pytest.raises(Rejected, match="Nothing was changed") as refused:
        paste(world, secret=theirs, actor=world.member("admin"))
    assert refused.value.code == "same"
    assert not CredentialCandidate.objects.exists()


def test_customers_try_credentials_once_an_hour_and_operators_as_they_like(world: World) -> None:
    admin = world.member("admin")
    with pytest.raises(Rejected):
        client_credentials.activate_candidate(paste(world, secret="wrong-1", actor=admin))
    with pytest.raises(Rejected, match="tried recently") as refused:
        paste(world, secret="wrong-2", actor=admin)
    assert refused.value.code == "too_many_tries"
    with pytest.raises(Rejected, match="doesn't know"):
        client_credentials.activate_candidate(paste(world, secret="wrong-3", actor=world.operator))
    world.sandbox.pass_time(3601)
    theirs = world.sandbox.organization(CEDAR)["client_secret"]
    client_credentials.activate_candidate(paste(world, secret=theirs, actor=admin))
    assert Connection.objects.get().state == ConnectionState.ACTIVE
