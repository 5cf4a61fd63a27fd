"""What people may do on the screens of a connection."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections.limits import forecast, queue, scheduler
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Purpose,
)
from portal.accounts.models import User
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def change(person: User, connection: Connection, verb: str) -> str:
    parts = {"slug": connection.installation.organization.slug, "pk": connection.pk, "verb": verb}
    page = browser(person).post(reverse("change_connection", kwargs=parts), follow=True)
    connection.refresh_from_db()
    return page.content.decode()


def test_whoever_paused_their_own_connection_resumes_it(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    change(officer, connection, "pause")
    assert connection.state == ConnectionState.PAUSED
    change(officer, connection, "resume")
    assert connection.state == ConnectionState.ACTIVE


def test_a_pause_by_an_admin_is_not_ended_by_the_officer(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    change(world.member("admin"), connection, "pause")
    assert "can resume it" in change(officer, connection, "resume")
    assert connection.state == ConnectionState.PAUSED
    change(world.operator, connection, "resume")
    assert connection.state == ConnectionState.ACTIVE


def test_an_officer_cannot_take_over_a_pause_by_pausing_again(world: World) -> None:
    officer, admin = world.member("officer"), world.member("admin")
    connection = world.consented(officer)
    change(admin, connection, "pause")
    assert "Nothing was changed. This connection is now paused." in change(officer, connection, "pause")
    assert connection.paused_by == admin
    assert "can resume it" in change(officer, connection, "resume")
    assert connection.state == ConnectionState.PAUSED


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_revoked_connection_is_neither_paused_nor_resumed(world: World, verb: str) -> None:
    connection = world.connected()
    change(world.operator, connection, "revoke")
    assert "Nothing was changed" in change(world.operator, connection, verb)
    assert connection.state == ConnectionState.REVOKED


def test_a_conflict_is_named_to_operators_only(world: World) -> None:
    rightful, wrong = world.connected(), world.consented(world.member("officer", BLUEWATER), BLUEWATER)
    Connection.objects.filter(pk=wrong.pk).update(state=ConnectionState.QUARANTINED, conflicts_with=rightful)
    page = reverse("connection", kwargs={"slug": wrong.installation.organization.slug, "pk": wrong.pk})
    assert rightful.installation.organization.name in browser(world.operator).get(page).content.decode()
    theirs = browser(world.member("admin", wrong.installation.organization.name)).get(page).content.decode()
    assert rightful.installation.organization.name not in theirs


def test_who_else_waits_for_a_token_is_told_to_operators_only(world: World) -> None:
    theirs, other = world.connected(), world.propose(BLUEWATER)
    world.environment.tokens_per_hour = 1
    world.environment.save()
    queue.enqueue(other, purpose=Purpose.PERSON)
    queue.enqueue(theirs, purpose=Purpose.WORK)
    address = reverse("connection", args=[world.organization().slug, theirs.pk])
    admin, operator = browser(world.member("admin")), browser(world.operator)
    told = admin.get(address).content.decode()
    assert "others go first" in told and "1 person" not in told
    assert "1 goes first: 1 person" in operator.get(address).content.decode()
    for hidden in (reverse("token_queue"), reverse("limits"), reverse("capacity")):
        assert admin.get(hidden).status_code == 404


def test_a_connection_that_was_never_granted_is_not_tested(world: World) -> None:
    officer = world.member("officer")
    world.begin(officer)
    connection = Connection.objects.get(user=officer)
    parts = {"slug": world.organization().slug, "pk": connection.pk}
    page = browser(officer).post(reverse("test_connection", kwargs=parts), follow=True)
    assert "Nothing to test" in page.content.decode()
    assert not hasattr(connection, "verification")


def test_a_connection_page_plans_the_next_token_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    connection, planned = world.connected(), []
    plan = forecast.for_connection

    def count(asked: Connection) -> tuple[scheduler.Usage, scheduler.PlannedRequest]:
        planned.append(asked)
        return plan(asked)

    monkeypatch.setattr(forecast, "for_connection", count)
    for name in ("connection", "calls", "token_requests"):
        planned.clear()
        answer = browser(world.operator).get(reverse(name, args=[world.organization().slug, connection.pk]))
        assert answer.status_code == 200
        assert planned == [connection], name


def test_nobody_sends_mail_after_mail_by_pausing_and_resuming(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    client = Client()
    client.force_login(officer)
    address = [
        reverse("change_connection", args=[world.organization().slug, connection.pk, verb])
        for verb in ("pause", "resume")
    ]
    statuses = [client.post(address[number % 2]).status_code for number in range(22)]
    assert statuses == [302] * 20 + [429] * 2
