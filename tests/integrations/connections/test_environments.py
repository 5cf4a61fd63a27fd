"""Environments: only addresses that may be called, and a world that stays what it is once somebody is connected."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from integrations.connections import environments
from integrations.connections.grants import client_credentials
from integrations.connections.limits import budgets
from integrations.connections.models import Connection, Environment
from integrations.total_expert import Rejected
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
GOOD = {
    "label": "CT",
    "name": "ct",
    "base_url": "https://public.totalexpert.net/v1",
    "authorize_url": "https://public.totalexpert.net/v1/authorize",
    "calls_per_minute": "900",
    "tokens_per_hour": "2",
    "token_body": "json",
}


@pytest.fixture
def operator(world: World, settings) -> Client:
    settings.ENVIRONMENT_HOSTS = ["public.totalexpert.net", *settings.ENVIRONMENT_HOSTS]
    client = Client()
    client.force_login(world.operator)
    return client


def add(operator: Client, **wrong: Any) -> str:
    return operator.post(reverse("new_environment"), GOOD | wrong, follow=True).content.decode()


def test_an_environment_of_an_allowed_host_is_added(operator: Client) -> None:
    add(operator)
    assert Environment.objects.filter(name="ct").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "https://elsewhere.example/v1"},
        {"base_url": "https://public.totalexpert.net/v1?x=1"},
        {"base_url": "https://public.totalexpert.net/v1#x"},
        {"base_url": "http://public.totalexpert.net/v1"},
        {"base_url": "https://a:b@public.totalexpert.net/v1"},
        {"authorize_url": "https://public.totalexpert.net.elsewhere.example/authorize"},
        {"authorize_url": "https://public.totalexpert.net:99999/v1/authorize"},
        {"web_url": "https://public.totalexpert.net/contacts/"},
        {"web_url": "https://public.totalexpert.net/{id}/{id}"},
        {"web_url": "https://elsewhere.example/contacts/{id}"},
        {"web_url": "https://{id}.public.totalexpert.net/contacts/"},
        {"web_url": "http://public.totalexpert.net/contacts/{id}"},
        {"web_url": "https://a:b@public.totalexpert.net/contacts/{id}"},
        {"web_url": "javascript:alert({id})"},
    ],
)
def test_an_address_that_cannot_be_called_is_refused_on_the_page(operator: Client, wrong: Any) -> None:
    assert "error" in add(operator, **wrong)
    assert not Environment.objects.filter(name="ct").exists()


def test_once_somebody_is_connected_the_world_of_an_environment_stays(world: World, operator: Client) -> None:
    world.connected()
    before = Environment.objects.get()
    page = reverse("environment", kwargs={"name": before.name})
    operator.post(
        page,
        GOOD | {"is_production": "on", "authorize_url": before.authorize_url, "tokens_per_hour": "7"},
    )
    after = Environment.objects.get()
    assert (after.name, after.base_url, after.is_production) == (before.name, before.base_url, False)
    assert after.tokens_per_hour == 7


def test_a_stored_address_that_is_none_is_a_sentence(world: World) -> None:
    world.environment.base_url += "?x=1"
    with pytest.raises(ValidationError):
        environments.client_environment(world.environment)


def test_one_host_is_one_limit_however_its_address_is_written(world: World) -> None:
    one = Environment.objects.create(name="one", label="One", base_url="https://api.example/v1")
    other = Environment.objects.create(name="other", label="Other", base_url="https://API.example:443/v1")
    assert one.host == other.host == "api.example:443"
    assert budgets.for_environment(one) == budgets.for_environment(other)


def production_beside(world: World) -> Environment:
    """A production environment beside the world's own, which is for tests."""
    production = Environment.objects.create(
        name="production",
        label="Production",
        base_url=world.environment.base_url,
        authorize_url=world.environment.authorize_url,
        is_production=True,
    )
    client_credentials.set_application(
        environment=production, client_id="id", client_secret="secret", scopes="getUsers", actor=None
    )
    return production


def another_customers_credentials(world: World) -> None:
    """Credentials that work, but show an organization that is connected elsewhere."""
    world.connected(BLUEWATER)
    theirs = world.sandbox.organization(BLUEWATER)
    Connection.objects.update(client_fingerprint="")
    world.propose(client_id=theirs["client_id"], client_secret=theirs["client_secret"])


@pytest.mark.parametrize(
    "paste",
    [
        lambda world: world.propose(client_secret="wrong"),
        lambda world: world.propose(client_id="unknown"),
        another_customers_credentials,
    ],
    ids=["wrong secret", "unknown client", "another customer's"],
)
@pytest.mark.parametrize("tried", [False, True])
def test_credentials_that_failed_elsewhere_move_no_consent_from_production(
    world: World, paste: Callable[[World], Any], tried: bool
) -> None:
    production, cedar = production_beside(world), world.organization()
    paste(world)
    pasted = Connection.objects.get(installation__organization=cedar)
    if tried:
        with pytest.raises(Rejected):
            client_credentials.activate_candidate(pasted)
    assert environments.consent_environment(cedar) == production
    assert environments.allows_consent(production, cedar)
    assert not environments.allows_consent(world.environment, cedar)


@pytest.mark.parametrize("state", ["active", "paused", "needs_reconnect"])
def test_a_consent_goes_where_the_organization_is_connected(world: World, state: str) -> None:
    production_beside(world)
    connection = world.connected()
    Connection.objects.filter(pk=connection.pk).update(state=state)
    assert environments.consent_environment(world.organization()) == world.environment


@pytest.mark.parametrize("state", ["pending", "revoked", "quarantined"])
def test_a_connection_that_gives_no_access_moves_no_consent(world: World, state: str) -> None:
    production = production_beside(world)
    connection = world.connected()
    Connection.objects.filter(pk=connection.pk).update(state=state)
    assert environments.consent_environment(world.organization()) == production


def test_an_environment_knows_the_page_of_a_contact(operator: Client) -> None:
    add(operator, web_url="https://public.totalexpert.net/#/contacts/{id}")
    assert Environment.objects.get(name="ct").web_link(17) == "https://public.totalexpert.net/#/contacts/17"
    assert Environment(name="x").web_link(17) == ""
