"""The operators' screens of limits: what is used, who waits, what it takes, and the switch."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections.client import client_for
from integrations.connections.limits import budgets, egress, kill_switch, ledger, permits, queue
from integrations.connections.limits.permits import Permits
from integrations.connections.models import (
    Budget,
    Call,
    Connection,
    Egress,
    Environment,
    Purpose,
    RequestState,
    TokenDemand,
    TokenRequest,
)
from integrations.connections.views import health
from integrations.total_expert import TryLater
from portal.audit.models import Entry
from portal.core import clock, times
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def text_of(client: Client, name: str, *args: object, query: str = "") -> str:
    answer = client.get(reverse(name, args=args) + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def busy(world: World) -> Connection:
    """One token request an hour, and it is used."""
    connection = world.connected()
    world.environment.tokens_per_hour = 1
    world.environment.save()
    return connection


def queue_up(connection: Connection, purpose: Purpose = Purpose.WORK) -> dt.datetime:
    with pytest.raises(ledger.NoSlot) as refused:
        ledger.open_request(connection, purpose=purpose, fence=0)
    return refused.value.at


def test_limits_say_what_is_used_and_when_the_next_slot_is(
    world: World, busy: Connection, operator: Client
) -> None:
    text = text_of(operator, "limits")
    assert "1 of 1" in text
    assert "because 1 of 1 token requests of this hour are used" in text
    assert "contacts can be synced every" in text


def test_the_next_slot_is_right_to_the_minute(world: World, busy: Connection, operator: Client) -> None:
    sent = TokenRequest.objects.latest("at")
    text = text_of(operator, "connection", world.organization().slug, busy.pk)
    assert sent.ended_at is not None
    expected = sent.ended_at + dt.timedelta(hours=1, seconds=1.5)
    assert times.exact(expected) in text
    at = queue_up(busy)
    assert at == expected
    world.sandbox.pass_time((at - clock.now()).total_seconds() + 0.1)
    assert ledger.open_request(busy, purpose=Purpose.WORK, fence=0)


def test_the_queue_shows_who_waits_why_and_when(world: World, busy: Connection, operator: Client) -> None:
    other = world.propose(BLUEWATER)
    queue_up(busy)
    queue_up(other, Purpose.PERSON)
    text = text_of(operator, "token_queue")
    assert text.index(BLUEWATER) < text.index(world.organization().name + ", ")
    assert "User request" in text


def test_the_queue_promises_no_time_that_nobody_can_keep(
    world: World, busy: Connection, operator: Client
) -> None:
    queue_up(busy)
    budget = budgets.for_connection(busy)
    Budget.objects.filter(pk=budget.pk).update(others_tokens=1)
    text = text_of(operator, "token_queue")
    assert (
        "None while other programs use all token requests" in text and "No connection is waiting" not in text
    )
    assert "because 1 of 0" not in text_of(operator, "limits")
    Budget.objects.filter(pk=budget.pk).update(others_tokens=0)
    assert "None while" not in text_of(operator, "token_queue")
    kill_switch.activate(reason="Maintenance", actor=world.operator)
    assert "None while calls are stopped" in text_of(operator, "token_queue")


def test_who_moves_somebody_forward_is_told_how_many_wait_longer(
    world: World, busy: Connection, operator: Client
) -> None:
    Environment.objects.update(tokens_per_hour=0)
    other, third = world.propose(BLUEWATER), world.consented(world.member("officer"))
    Environment.objects.update(tokens_per_hour=1)
    for connection in (busy, other, third):
        queue_up(connection)
    assert text_of(operator, "token_queue").count("It goes before 1 other connection.") == 1
    operator.post(reverse("prioritize_connection", args=[busy.pk]))
    text = text_of(operator, "token_queue")
    assert "It goes before 1 other connection." in text and "It goes before 2 other connections." not in text


def test_calls_and_tokens_are_counted_where_nothing_limits_them(
    world: World, busy: Connection, operator: Client
) -> None:
    world.environment.tokens_per_hour = world.environment.calls_per_minute = 0
    world.environment.save()
    Call.objects.all().delete()
    with client_for(busy) as client:
        client.contacts.list()
        client.contacts.list()
    now = health.budget_usage(budgets.for_connection(busy), [])
    assert (now.calls_used, now.tokens_used) == (2, 1)
    clock.advance(61)
    assert health.budget_usage(budgets.for_connection(busy), []).calls_used == 0


def test_an_operator_moves_somebody_forward(world: World, busy: Connection, operator: Client) -> None:
    other = world.propose(BLUEWATER)
    queue_up(busy)
    queue_up(other, Purpose.PERSON)
    operator.post(reverse("prioritize_connection", args=[busy.pk]))
    text = text_of(operator, "token_queue")
    assert text.index(world.organization().name + ", ") < text.index(BLUEWATER)
    assert f"Moved to the front by {world.operator.name}" in text
    assert Entry.objects.filter(action="connection.prioritized", object_id=str(busy.pk)).exists()


def test_whoever_waits_no_more_cannot_be_moved(busy: Connection, operator: Client) -> None:
    answer = operator.post(reverse("prioritize_connection", args=[busy.pk]), follow=True)
    assert "no longer waiting" in answer.content.decode()
    assert not TokenDemand.objects.exists()


def test_what_others_use_is_saved_without_touching_the_count(
    world: World, busy: Connection, operator: Client
) -> None:
    budget = budgets.for_connection(busy)
    Budget.objects.filter(pk=budget.pk).update(pacer={"next_slot": 5.0}, unexplained_refusals=3)
    operator.post(reverse("allowance", args=[budget.pk]), {"others_calls": 200, "others_tokens": 0})
    budget.refresh_from_db()
    assert (budget.others_calls, budget.unexplained_refusals, budget.pacer) == (200, 0, {"next_slot": 5.0})


def test_refusals_that_nobody_can_explain_are_said(world: World, busy: Connection, operator: Client) -> None:
    permits.slow_down(budgets.for_connection(busy), status=429, after=None)
    text = text_of(operator, "limits")
    assert "something else calls from this address" in text and "Slowed down" in text


def test_a_proxy_is_added_and_its_password_never_shown(operator: Client) -> None:
    data = {"label": "Frankfurt", "name": "fra", "proxy_url": "https://bob:hunter2@proxy.example:3128"}
    operator.post(reverse("new_egress"), data)
    way = Egress.objects.get(name="fra")
    assert way.proxy_url == data["proxy_url"]
    for page in (text_of(operator, "limits"), text_of(operator, "egress", "fra")):
        assert "hunter2" not in page and "bob" not in page
    assert "proxy.example:3128" in text_of(operator, "limits")
    operator.post(reverse("egress", args=["fra"]), {"label": "Frankfurt 2", "proxy_url": ""})
    way.refresh_from_db()
    assert (way.label, way.proxy_url) == ("Frankfurt 2", data["proxy_url"])


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://evil.example:3128", "may not use this host as a proxy"),
        ("http://bob:hunter2@proxy.example:3128", "sent unencrypted"),
        ("https://proxy.example", "with the port"),
        ("socks5://proxy.example:3128", "Enter it as"),
        ("https://proxy.example:3128/path", "ends with its port"),
        ("https://[proxy.example:3128", "Enter a valid URL"),
    ],
)
def test_an_address_that_is_no_proxy_of_ours_is_refused(
    operator: Client, address: str, sentence: str
) -> None:
    answer = operator.post(reverse("new_egress"), {"label": "x", "name": "x", "proxy_url": address})
    assert sentence in answer.content.decode() and "hunter2" not in answer.content.decode()
    assert not Egress.objects.filter(name="x").exists()


def test_a_connection_goes_out_by_another_address_and_counts_there(
    world: World, busy: Connection, operator: Client
) -> None:
    egress.add_proxy(name="fra", label="Frankfurt", proxy_url="https://proxy.example:3128", actor=None)
    direct = budgets.for_connection(busy)
    operator.post(reverse("reroute_connection", args=[busy.pk]), {"egress": "fra"})
    busy.refresh_from_db()
    assert budgets.for_connection(busy) != direct
    assert ledger.open_request(busy, purpose=Purpose.WORK, fence=0), "that address has slots of its own"
    operator.post(reverse("reroute_connection", args=[busy.pk]), {"egress": "direct"})
    busy.refresh_from_db()
    assert busy.egress is None


def test_capacity_says_how_many_addresses_it_takes(operator: Client) -> None:
    query = "?organizations=200&officers=20&hours=24&tokens_per_hour=2"
    text = text_of(operator, "capacity", query=query)
    assert "105 outbound IP addresses" in text, "4,000 connections, 38.4 grants a day for work at each"
    assert "Access would expire" in text and "Sufficient" in text
    assert "Ask it for permission" in text


def test_where_mirrors_may_grow_older_than_consents_the_consents_decide(operator: Client) -> None:
    asked = "?organizations=200&officers=20&tokens_per_hour=2&hours="
    assert "need one every 9 days" in text_of(operator, "capacity", query=asked + "720")
    assert "every 9 days" not in text_of(operator, "capacity", query=asked + "24")


def test_rubbish_in_the_calculator_is_a_sentence(operator: Client) -> None:
    text = text_of(operator, "capacity", query="?organizations=-1&officers=x")
    assert text.count("Enter a whole number from") == 4 and "addresses</h2>" not in text


def test_the_switch_stops_tokens_and_calls_until_it_is_released(
    world: World, busy: Connection, operator: Client
) -> None:
    operator.post(reverse("stop_everything"), {"reason": "The vendor called."})
    assert "The vendor called." in text_of(operator, "limits")
    slug = world.organization().slug
    for text in (text_of(operator, "connection", slug, busy.pk), text_of(operator, "limits")):
        assert "The vendor called." in text
        assert "one while all calls are stopped" in text
    for action in (
        lambda: ledger.open_request(busy, purpose=Purpose.WORK, fence=0),
        lambda: Permits(busy, Purpose.PERSON).acquire("GET", "/contacts"),
    ):
        with pytest.raises(permits.CallsStopped):
            action()
    assert not TokenDemand.objects.exists()
    operator.post(reverse("stop_everything"), {"verb": "release"})
    Permits(busy, Purpose.PERSON).acquire("GET", "/contacts")
    actions = set(Entry.objects.values_list("action", flat=True))
    assert {"everything.stopped", "everything.released"} <= actions


def test_the_switch_wants_a_reason(operator: Client) -> None:
    operator.post(reverse("stop_everything"), {"reason": "  "})
    assert kill_switch.get_active() is None


def test_a_connection_in_the_queue_says_that_it_waits(
    world: World, busy: Connection, operator: Client
) -> None:
    queue_up(busy)
    text = text_of(operator, "connection", world.organization().slug, busy.pk)
    assert "Waiting for a token" in text
    queue.withdraw(busy)
    assert "Waiting for a token" not in text_of(operator, "connection", world.organization().slug, busy.pk)


def test_a_lost_answer_says_what_may_be_lost_and_what_to_do(world: World, operator: Client) -> None:
    consented = world.consented(world.member("officer"))
    request = ledger.open_request(consented, purpose=Purpose.WORK, fence=0)
    ledger.close_request(request, RequestState.LOST)
    text = text_of(operator, "connection", world.organization().slug, consented.pk)
    assert "was lost" in text and "Reconnect now" in text


def test_work_that_must_wait_is_told_why(busy: Connection) -> None:
    with pytest.raises(TryLater, match="because 1 of 1 token requests"):
        ledger.open_request(busy, purpose=Purpose.WORK, fence=0)
