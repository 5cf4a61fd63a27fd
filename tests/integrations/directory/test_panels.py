"""What the directory shows on Home, and what that costs."""

from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.connections.models import Connection
from integrations.directory.models import Contact
from integrations.jobs.models import Job
from tests.world import BLUEWATER, World

Run = Callable[..., Job]


def contact_queries(client: Client) -> tuple[str, int]:
    """Home as this client sees it, and how many queries counted contacts for it."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get(reverse("home")).content.decode()
    return page, sum("COUNT" in each["sql"] and "directory_contact" in each["sql"] for each in queries)


def test_home_counts_contacts_once_until_something_happens(
    world: World, admin: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    client = Client()
    client.force_login(world.operator)
    first, counted = contact_queries(client)
    assert counted > 0 and f"{Contact.objects.count():,}" in first
    again, counted = contact_queries(client)
    assert counted == 0
    assert f"{Contact.objects.count():,}" in again
    run_sync(world.connected(BLUEWATER))
    both, counted = contact_queries(client)
    assert counted > 0, "a pass has ended"
    assert f"{Contact.objects.count():,}" in both
    lifecycle.pause(admin, actor=world.operator)
    assert "no connection works now" in contact_queries(client)[0]


def test_what_was_counted_for_one_person_is_not_shown_to_another(
    world: World, admin: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    for user, sees in ((world.operator, True), (world.member("officer"), False)):
        client = Client()
        client.force_login(user)
        assert ("Contacts mirrored" in contact_queries(client)[0]) is sees


def test_whose_connection_is_paused_is_not_called_unconnected(
    world: World, officer: Connection, run_sync: Run
) -> None:
    run_sync(officer)
    client = Client()
    client.force_login(world.operator)
    address = reverse("organization", args=[officer.installation.organization.slug])
    assert "Own connection" in client.get(address).content.decode()
    lifecycle.pause(officer, actor=world.operator)
    owners = (
        client.get(address).content.decode().partition("Owners, and who consented")[2].partition("</ul>")[0]
    )
    assert "Paused" in owners and "Own connection" not in owners
