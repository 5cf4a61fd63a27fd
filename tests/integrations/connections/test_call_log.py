"""The call log: every call, without what was asked or answered; errors in groups."""

import re

import pytest
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from integrations import total_expert
from integrations.connections import call_log
from integrations.connections.client import client_for
from integrations.connections.limits import budgets
from integrations.connections.limits.permits import Permits
from integrations.connections.models import Call, Connection, Environment, Purpose
from integrations.connections.views import calls as calls_view
from integrations.total_expert import Rejected, TryLater
from portal.core import clock
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def called(world: World) -> Connection:
    connection = world.connected()
    Call.objects.all().delete()
    with client_for(connection) as client:
        client.contacts.list(filter={"email": "zephyrine@cedar.example"})
        for number in (990001, 990002):
            with pytest.raises(Rejected):
                client.contacts.get(number)
    return connection


def test_a_call_is_kept_with_its_answer_and_without_its_query(called: Connection) -> None:
    listed, *refused = Call.objects.order_by("pk")
    assert (listed.method, listed.path, listed.status) == ("GET", "/contacts", 200)
    assert [row.path for row in refused] == ["/contacts/990001", "/contacts/990002"]
    assert "zephyrine" not in str(list(Call.objects.values()))


def test_a_call_names_the_job_it_was_made_for(world: World, called: Connection) -> None:
    with call_log.attribute_to_job(77), client_for(called) as client:
        client.contacts.list()
    assert Call.objects.latest("pk").job == 77


def test_an_answer_that_never_came_is_a_call_too(world: World, called: Connection) -> None:
    world.sandbox.faults({"method": "GET", "path": "/v1/contacts", "drop": "before", "times": 9})
    with client_for(called) as client, pytest.raises(Exception, match="broke|answer|reached"):
        client.contacts.list()
    assert Call.objects.latest("pk").status is None


def test_what_a_refused_call_is_told_to_wait_all_at_its_address_wait(called: Connection) -> None:
    Environment.objects.update(calls_per_minute=1000)
    permits = Permits(called, Purpose.WORK)
    refusal = total_expert.Call("GET", "/contacts", 429, 0.1, None, retry_after=40)
    call_log.make_observer(called, permits)(refusal)
    with pytest.raises(TryLater) as refused:
        Permits(called, Purpose.PERSON).acquire("GET", "/contacts")
    assert refused.value.after is not None and 35 < refused.value.after <= 40


def test_errors_that_are_alike_are_one_group(called: Connection) -> None:
    [group] = call_log.group_errors(Call.objects.all())
    assert (group.method, group.pattern, group.status, group.count) == ("GET", "/contacts/…", 404, 2)


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/contacts/14", "/contacts/…"),
        ("/contacts/14/notes/9", "/contacts/…/notes/…"),
        ("/contact-surveys/d3fdd59319b26869", "/contact-surveys/…"),
        ("/users", "/users"),
    ],
)
def test_ids_are_taken_out_of_paths(path: str, shape: str) -> None:
    assert call_log.path_pattern(path) == shape


def page(client: Client, world: World, connection: Connection, query: str = "") -> str:
    address = reverse("calls", args=[world.organization().slug, connection.pk])
    answer = client.get(address + query)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def test_the_page_filters_and_survives_rubbish(world: World, called: Connection) -> None:
    client = Client()
    client.force_login(world.operator)
    assert "990001" in page(client, world, called)
    failed = page(client, world, called, "?show=failed")
    assert "990001" in failed and "GET /contacts</code>" not in failed
    assert "No matching calls" in page(client, world, called, "?show=slow")
    assert "No matching calls" in page(client, world, called, "?job=12")
    for query in ("?show=%00", "?job=%C2%B2", "?job=99999999999999999999999", "?page=abc"):
        page(client, world, called, query)


def test_pages_follow_each_other_by_key(world: World, called: Connection) -> None:
    client = Client()
    client.force_login(world.operator)
    log_calls(called, 60)
    first = page(client, world, called, "?size=25")
    assert "1–25" in first.replace("</span>", "").replace('<span class="num">', "")
    seen: list[str] = []
    text = first
    while True:
        seen += re.findall(r"/numbered/\d+", text)
        following = re.search(r'rel="next" href="[^"?]*(\?[^"]+)"', text)
        if following is None:
            break
        text = page(client, world, called, following[1].replace("&amp;", "&"))
    assert seen == [f"/numbered/{number}" for number in reversed(range(60))]


def test_a_filter_searches_a_bounded_number_of_calls(
    world: World, called: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(world.operator)
    log_calls(called, 1, milliseconds=9000)
    log_calls(called, 9)
    assert "/numbered/0" in page(client, world, called, "?show=slow")
    monkeypatch.setattr(calls_view, "SEARCHED", 5)
    told = page(client, world, called, "?show=slow")
    assert "Searches the latest 5 calls" in told and "/numbered/0" not in told


def test_failed_calls_are_found_by_an_index(called: Connection) -> None:
    rows = Call.objects.filter(call_log.failed_calls(), connection=called).order_by("-pk")[:50]
    if database.vendor == "postgresql":
        with database.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    plan = rows.explain()
    assert "call_failed" in plan or re.search(r"connections_call_\w*connection_id_id_idx\d", plan), plan


def log_calls(connection: Connection, count: int, milliseconds: int = 1) -> None:
    budget = budgets.for_connection(connection)
    Call.objects.bulk_create(
        Call(
            at=clock.now(),
            connection=connection,
            budget=budget,
            method="GET",
            path=f"/numbered/{number}",
            milliseconds=milliseconds,
        )
        for number in range(count)
    )


def test_an_officer_reads_only_their_own_calls(world: World, called: Connection) -> None:
    client = Client()
    client.force_login(world.member("officer"))
    address = reverse("calls", args=[world.organization().slug, called.pk])
    assert client.get(address).status_code == 404
