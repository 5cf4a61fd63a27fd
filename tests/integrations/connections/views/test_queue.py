"""The operators' page of the token queue: search, moving a connection to the front, and the way back."""

import datetime as dt

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections.limits import ledger, queue
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Environment,
    GrantType,
    Purpose,
    RequestState,
    TokenDemand,
)
from integrations.connections.views import queue as view
from portal.accounts.models import User
from portal.audit.models import Entry
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(world: World) -> Client:
    client = Client()
    client.force_login(world.operator)
    return client


def wait(connection: Connection, *, hours: int = 0) -> None:
    queue.enqueue(connection, purpose=Purpose.WORK, stale_since=clock.now() - dt.timedelta(hours=hours))


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("token_queue"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_connection_delayed_only_by_its_own_failures_can_be_moved(world: World, operator: Client) -> None:
    connection = world.connected()
    Environment.objects.update(tokens_per_hour=100)
    wait(connection)
    assert "Move to front" not in page(operator), "nothing delays it"
    for _ in range(2):
        request = ledger.open_request(connection, purpose=Purpose.WORK, fence=1)
        ledger.close_request(request, RequestState.LOST)
    text = page(operator)
    assert "Move to front" in text and "Retries next instead of waiting." in text
    operator.post(reverse("prioritize_connection", args=[connection.pk]))
    assert "Move to front" not in page(operator)
    assert ledger.open_request(connection, purpose=Purpose.WORK, fence=1)


def test_moving_a_connection_leads_back_to_the_same_part_of_the_queue(world: World, operator: Client) -> None:
    place = {"budget": "1", "page": "2", "size": "50", "q": "Cedar & Co"}
    address = reverse("prioritize_connection", args=[world.connected().pk])
    answer = operator.post(address, place)
    assert answer["Location"].startswith(reverse("token_queue") + "?")
    followed = operator.get(answer["Location"])
    assert {name: followed.wsgi_request.GET[name] for name in place} == place
    answer = operator.post(
        address, {"budget": "1&q=x", "page": "-1", "q": "x" * 500, "next": "//evil.example"}
    )
    assert answer["Location"] == reverse("token_queue")


def test_the_page_passes_its_place_to_the_button(world: World, operator: Client) -> None:
    connection = world.connected()
    Environment.objects.update(tokens_per_hour=1)
    wait(connection, hours=1)
    wait(_another(connection, 1))
    text = page(operator, q=world.organization().name, size="50")
    form = text[text.index("data-confirm") : text.index("Move to front")]
    assert f'name="q" value="{world.organization().name}"' in form and 'name="size" value="50"' in form


def test_a_search_finds_the_next_ones_however_many_match(
    world: World, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(view, "MAX_FOUND", 1)
    connection = world.connected()
    Environment.objects.update(tokens_per_hour=1)
    waiting = [_another(connection, number) for number in range(30)]
    for number, each in enumerate(waiting):
        wait(each, hours=number)
    text = page(operator, q=world.organization().name)
    assert text.count('data-label="Next token"') == 1
    assert str(waiting[-1].pk) in text


def test_a_page_of_the_queue_costs_the_same_however_many_wait(world: World, operator: Client) -> None:
    busy = world.connected()
    Environment.objects.update(tokens_per_hour=1)

    def cost(numbers: range) -> int:
        for number in numbers:
            wait(_another(busy, number))
        with CaptureQueriesContext(database) as asked:
            text = page(operator)
        assert text.count('data-label="Next token"') == 25
        assert f'of <span class="num">{numbers.stop}</span>' in text
        return len(asked)

    few, many = cost(range(30)), cost(range(30, 90))
    assert many <= few


def test_moving_a_connection_twice_keeps_its_place_and_its_operator(world: World, operator: Client) -> None:
    busy = world.connected()
    wait(busy)
    operator.post(reverse("prioritize_connection", args=[busy.pk]))
    before = TokenDemand.objects.get()
    assert queue.prioritize(busy, actor=User.objects.create_user("colleague@partner.example"))
    after = TokenDemand.objects.get()
    assert (after.prioritized_at, after.prioritized_by) == (before.prioritized_at, world.operator)
    assert Entry.objects.filter(action="connection.prioritized").count() == 1


def _another(connection: Connection, number: int) -> Connection:
    at = clock.now()
    return Connection.objects.create(
        installation=connection.installation,
        grant=GrantType.AUTHORIZATION_CODE,
        user=User.objects.create_user(f"officer{number}@lender.example"),
        state=ConnectionState.ACTIVE,
        since=at,
        created_at=at,
    )
