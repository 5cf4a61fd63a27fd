"""Environments: only addresses that may be called, and a world that stays what it is once somebody is connected."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from integrations.connections import environments
from integrations.connections.limits import budgets
from integrations.connections.models import Environment
from tests.world import World

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
