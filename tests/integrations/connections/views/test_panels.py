"""What connections show on Home."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.connections.limits import kill_switch
from integrations.connections.models import ConnectionState, TokenDemand
from portal.accounts.models import User
from portal.core import clock
from portal.organizations.invitations import invitations
from tests.world import BLUEWATER, CEDAR, World

pytestmark = pytest.mark.django_db
TITLE = "Connections by health"


def home(person: User) -> str:
    client = Client()
    client.force_login(person)
    return client.get(reverse("home")).content.decode()


def test_connections_are_counted_by_their_state(world: World) -> None:
    world.consented(world.member("officer"))
    world.connected(BLUEWATER)
    text = home(world.operator)
    assert TITLE in text and 'aria-label="2 of 2"' in text


def test_a_viewer_counts_those_of_their_organization_only(world: World) -> None:
    world.consented(world.member("officer"))
    world.connected(BLUEWATER)
    assert 'aria-label="1 of 1"' in home(world.member("viewer", CEDAR))


def test_an_officer_who_sees_only_their_own_counts_none(world: World) -> None:
    assert TITLE not in home(world.member("officer"))


def test_that_every_connection_works_is_said_only_while_it_is_true(world: World) -> None:
    officer = world.member("officer")
    connection = world.consented(officer)
    assert "All connections work" in home(world.operator)
    lifecycle.set_state(connection, ConnectionState.NEEDS_RECONNECT, reason="It died.")
    assert "It died." in home(world.operator)
    theirs = home(world.member("viewer"))
    assert "Nothing needs your attention" in theirs and "All connections" not in theirs


def test_a_budget_says_free_now_only_when_a_newcomer_would_be_served(world: World) -> None:
    world.environment.tokens_per_hour = 1
    world.environment.save()
    assert "Now</td>" in home(world.operator)
    connection = world.connected()
    assert "Now</td>" not in home(world.operator)
    world.sandbox.pass_time(3700)
    TokenDemand.objects.create(
        connection=connection,
        purpose="person",
        due_at=clock.now(),
        stale_since=clock.now(),
        requested_at=clock.now(),
        expected_at=clock.now(),
    )
    assert "Now</td>" not in home(world.operator), "somebody waits before the newcomer"


def test_a_paused_connection_is_something_to_look_at(world: World) -> None:
    connection = world.connected()
    lifecycle.pause(connection, actor=world.operator)
    text = home(world.operator)
    assert "Syncing and changes wait until someone resumes it." in text and "All connections" not in text


def test_an_officer_who_has_not_connected_is_asked_to(world: World) -> None:
    officer = world.member("officer")
    text = home(officer)
    assert "You haven't connected" in text
    assert reverse("connect", args=[world.organization().slug]) in text
    world.consented(officer)
    assert "You haven't connected" not in home(officer)


def test_a_portal_without_connections_does_not_say_that_every_one_works(world: World) -> None:
    assert "All connections" not in home(world.operator)


def test_the_first_run_checklist_ticks_what_is_done(world: World) -> None:
    client = Client()
    client.force_login(world.operator)
    before = client.get(reverse("settings")).content.decode()
    assert before.count('<li data-state="done">') == 1
    invitations.invite(
        organization=world.organization(), email="a@b.example", role="admin", actor=world.operator
    )
    assert client.get(reverse("settings")).content.decode().count('<li data-state="done">') == 2


def test_a_consent_that_dies_soon_is_something_to_look_at(world: World) -> None:
    officer = world.member("officer")
    world.consented(officer)
    world.sandbox.pass_time(11.5 * 24 * 3600)
    assert "Access expires soon" not in home(officer)
    world.sandbox.pass_time(24 * 3600)
    assert "Access expires soon" in home(officer) and "Access expires soon" in home(world.operator)
    assert "Access expires soon" not in home(world.member("viewer"))
    assert "Access expires soon" not in home(world.member("admin", BLUEWATER))


def test_the_switch_is_said_on_every_page_and_why_to_operators(world: World) -> None:
    kill_switch.activate(reason="Cedar leaks.", actor=world.operator)
    assert "Cedar leaks." in home(world.operator)
    said = home(world.member("admin", BLUEWATER))
    assert "stopped all calls to Total Expert" in said and "Cedar leaks." not in said


def test_an_admin_of_an_organization_that_nobody_connected_is_led_to_it(world: World) -> None:
    admin = world.member("admin")
    said = "You haven't connected Cedar Home Lending yet."
    assert said in home(admin)
    assert said not in home(world.member("viewer")) and said not in home(world.operator)
    world.connected()
    assert said not in home(admin) and "Nothing needs your attention" in home(admin)
