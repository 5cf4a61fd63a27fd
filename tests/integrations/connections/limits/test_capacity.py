"""Capacity: token requests, addresses, and the warning before an invitation."""

import datetime as dt
import math

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections.limits import budgets, capacity, egress
from integrations.connections.limits.capacity import Load
from integrations.connections.models import Budget
from portal.organizations.models import Invitation
from tests.world import BLUEWATER, World


def test_data_age_is_connections_divided_by_requests_left_for_work() -> None:
    load = Load(connections=32, authorizations=0, tokens_per_hour=2)
    assert load.requests_per_day == 48
    assert load.data_age_hours == 20
    assert not load.is_overcommitted
    assert load.with_more(admins=8).is_overcommitted


def test_each_authorization_needs_a_renewal_every_nine_days() -> None:
    assert Load(432, 432, 2).renewal_share == 1
    assert Load(432, 432, 2).loses_access
    assert Load(432, 0, 2).renewal_share == 0


def test_two_hundred_organizations_with_twenty_officers_each() -> None:
    day = dt.timedelta(hours=24)
    assert capacity.addresses_needed(4000, authorizations=4000, tokens_per_hour=2, max_age=day) == 105
    assert capacity.addresses_needed(0, authorizations=0, tokens_per_hour=2, max_age=day) == 1


@pytest.mark.parametrize("hours", [24, 216, 400, 720])
def test_the_suggested_number_of_addresses_loses_no_access(hours: int) -> None:
    told = capacity.estimate(organizations=200, officers=20, admins=True, hours=hours, tokens_per_hour=2)
    (named,) = (load for load in told["loads"] if load.addresses == told["addresses"])
    assert not named.loses_access and named.data_age_hours <= hours


def test_addresses_add_up_whatever_each_is_allowed() -> None:
    both = Load(10, 0, 20) + Load(30, 10, 1) + Load(0, 0, 0)
    assert (both.connections, both.authorizations, both.addresses) == (40, 10, 3)
    assert both.requests_per_day == 24 * 21


def test_without_token_requests_data_age_is_infinite() -> None:
    load = Load(1, 1, 0)
    assert math.isinf(load.data_age_hours) and load.is_overcommitted and load.loses_access
    assert load.data_age == "any number of hours" and load.renewal_percent == 999


@pytest.mark.parametrize(
    ("hours", "words"), [(0.5, "30 minutes"), (5, "5 hours"), (71, "71 hours"), (96, "4 days")]
)
def test_hours_are_said_as_people_do(hours: float, words: str) -> None:
    assert capacity.format_hours(hours) == words


@pytest.fixture
def crowded(world: World) -> Client:
    """One token request in an hour, and already 20 officers are invited."""
    world.environment.tokens_per_hour = 1
    world.environment.save()
    client = Client()
    client.force_login(world.operator)
    for number in range(20):
        invite(client, world, f"officer{number}@cedar.example", confirmed=number >= 19)
    return client


def invite(
    client: Client, world: World, email: str, role: str = "officer", *, confirmed: bool = False
) -> str:
    data = {"email": email, "role": role} | ({"confirmed": "on"} if confirmed else {})
    return client.post(reverse("members", args=[world.organization().slug]), data).content.decode()


@pytest.mark.django_db
def test_who_invites_more_than_the_address_carries_is_cautioned_and_confirms(
    world: World, crowded: Client
) -> None:
    before = Invitation.objects.count()
    text = invite(crowded, world, "one.more@cedar.example")
    assert "Invite anyway" in text and "Contacts could become 26 hours old" in text
    assert Invitation.objects.count() == before
    invite(crowded, world, "one.more@cedar.example", confirmed=True)
    assert Invitation.objects.count() == before + 1


@pytest.mark.django_db
def test_who_does_not_consent_costs_nothing(world: World, crowded: Client) -> None:
    before = Invitation.objects.count()
    assert "Invite anyway" not in invite(crowded, world, "viewer@cedar.example", "viewer")
    assert Invitation.objects.count() == before + 1


@pytest.mark.django_db
def test_a_customers_admin_is_cautioned_without_numbers_of_others(world: World, crowded: Client) -> None:
    client = Client()
    client.force_login(world.member("admin"))
    text = invite(client, world, "one.more@cedar.example")
    assert "Invite anyway" in text and "many connections share that limit" in text
    assert "21 connections" not in text and "26 hours" not in text


@pytest.mark.django_db
def test_new_connections_go_to_the_address_with_the_fewest(world: World) -> None:
    first = world.connected()
    assert first.egress is None
    second = egress.add_proxy(
        name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None
    )
    assert world.propose(BLUEWATER).egress == second
    assert egress.choose_egress(world.environment) is None, "one each: this machine's own comes first"


@pytest.mark.django_db
def test_an_address_whose_tokens_others_use_up_gets_no_new_connections(world: World) -> None:
    world.environment.tokens_per_hour = 20
    world.environment.save()
    second = egress.add_proxy(
        name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None
    )
    own = budgets.for_environment(world.environment)
    Budget.objects.filter(pk=own.pk).update(others_tokens=20)
    assert egress.choose_egresses(world.environment, 3) == [second] * 3
    Budget.objects.filter(pk=own.pk).update(others_tokens=10)
    assert egress.choose_egresses(world.environment, 3).count(second) == 2


@pytest.mark.django_db
def test_with_more_addresses_more_are_carried(world: World, crowded: Client) -> None:
    assert "Invite anyway" in invite(crowded, world, "one.more@cedar.example")
    egress.add_proxy(name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None)
    assert "Invite anyway" not in invite(crowded, world, "one.more@cedar.example")
