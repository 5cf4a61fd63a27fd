"""Connecting: the Connect page and the result."""

import pytest
from django.test import Client
from django.urls import reverse

from integrations.connections.models import Connection
from integrations.directory.models import Contact, SyncState
from integrations.directory.sync import jobs
from integrations.jobs import queue
from integrations.onboarding import verification
from portal.accounts.models import User
from tests.world import World

pytestmark = pytest.mark.django_db


def result(person: User, connection: Connection) -> str:
    client = Client()
    client.force_login(person)
    parts = {"slug": connection.installation.organization.slug, "pk": connection.pk}
    return client.get(reverse("connect_result", kwargs=parts)).content.decode()


def test_an_officer_reads_what_their_own_connection_sees_and_others_the_whole(world: World) -> None:
    officers = [world.member("officer") for _ in range(2)]
    connections = [world.consented(person, officer=number) for number, person in enumerate(officers)]
    for connection in connections:
        queue.run_now(verification.start(connection, actor=None))
        queue.run_now(jobs.start(connection=connection))
    mine = SyncState.objects.get(connection=connections[0])
    other = SyncState.objects.get(connection=connections[1])
    assert mine.owner is not None and other.owner is not None
    text = result(officers[0], connections[0])
    assert f"{mine.contacts} contacts of {mine.owner.display_name}" in text
    assert other.owner.display_name not in text
    assert f"{Contact.objects.count()} contacts" in result(world.operator, connections[0])


def test_a_verification_whose_job_was_canceled_is_not_shown_as_under_way(world: World) -> None:
    connection = world.connected()
    job = verification.start(connection, actor=None)
    assert 'hx-trigger="every' in result(world.operator, connection)
    queue.cancel(job, actor=world.operator)
    text = result(world.operator, connection)
    assert 'hx-trigger="every' not in text
    assert "Someone canceled the verification." in text and "Test again" in text


@pytest.mark.parametrize(("action", "most"), [("test", 20), ("mail_me", 6), ("connect", 60)])
def test_what_may_cost_a_token_or_a_mail_can_be_pressed_so_often_an_hour(
    world: World, action: str, most: int
) -> None:
    connection = world.connected()
    client = Client()
    client.force_login(world.member("admin"))
    slug = connection.installation.organization.slug
    parts = {"slug": slug, "pk": connection.pk} if action == "test" else {"slug": slug}
    name = {"test": "test_connection"}.get(action, action)
    answers = [client.post(reverse(name, kwargs=parts)).status_code for _ in range(most + 1)]
    assert 429 not in answers[:most] and answers[-1] == 429


@pytest.mark.parametrize("address", ["/organizations/?q=%00", "/settings/audit/?organization=%00"])
def test_a_nul_in_a_query_is_left_out(world: World, address: str) -> None:
    client = Client()
    client.force_login(world.operator)
    assert client.get(address).status_code == 200


def test_a_consent_that_sees_no_contact_says_what_to_do_next(world: World) -> None:
    admin = world.member("admin")
    connection = world.consented(admin)
    queue.run_now(verification.start(connection, actor=None))
    queue.run_now(jobs.start(connection=connection))
    assert "Browse contacts" in result(admin, connection)
    Contact.objects.update(gone_at=connection.since)
    text = result(admin, connection)
    assert "has no contacts at Total Expert" in text and "Invite people" in text
    assert ">Browse contacts<" not in text


def test_rejected_credentials_are_reported_until_the_environment_is_connected_another_way(
    world: World,
) -> None:
    rejected = world.propose(client_secret="wrong")
    queue.run_now(verification.start(rejected, actor=world.operator))
    client = Client()
    client.force_login(world.operator)
    page = reverse("organization", args=[rejected.installation.organization.slug])
    assert "the credentials don't work" in client.get(page).content.decode()
    world.consented(world.member("officer"))
    assert "the credentials don't work" not in client.get(page).content.decode()
