"""What the directory shows on Home and on the pages of organizations and connections."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from integrations.connections import lifecycle
from integrations.connections.models import Connection
from integrations.directory import panels
from integrations.directory.browse import coverage, filters, owners
from integrations.directory.browse.selection import Selection
from integrations.directory.models import Contact, Owner
from integrations.directory.sync import unread
from integrations.jobs.models import Job
from integrations.onboarding.models import Verification
from portal.accounts.models import User
from portal.core import clock
from tests.integrations.directory.visits import address, page
from tests.world import BLUEWATER, CEDAR, World

Run = Callable[..., Job]
Browser = Callable[[User], Client]


def contact_queries(client: Client) -> tuple[str, int]:
    """Return Home as this client sees it, and how many queries counted contacts for it."""
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("home")).content.decode()
    return page, sum("COUNT" in each["sql"] and "directory_contact" in each["sql"] for each in queries)


def test_home_counts_contacts_again_only_after_a_change(
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
    assert "No connection is working." in contact_queries(client)[0]


def test_counts_for_one_person_are_not_shown_to_another(
    world: World, admin: Connection, run_sync: Run
) -> None:
    run_sync(admin)
    for user, sees in ((world.operator, True), (world.member("officer"), False)):
        client = Client()
        client.force_login(user)
        assert ("Synced contacts" in contact_queries(client)[0]) is sees


def test_an_owner_with_a_paused_connection_is_not_called_not_connected(
    world: World, officer: Connection, run_sync: Run
) -> None:
    run_sync(officer)
    client = Client()
    client.force_login(world.operator)
    address = reverse("organization", args=[officer.installation.organization.slug])
    assert "Connected" in owners_panel(client.get(address).content.decode())
    lifecycle.pause(officer, actor=world.operator)
    owners = owners_panel(client.get(address).content.decode())
    assert "Paused" in owners and "onnected</span>" not in owners


def owners_panel(html: str) -> str:
    return html.partition("<h2>Owners</h2>")[2].partition("</section>")[0]


@pytest.mark.parametrize("role", ["operator", "admin", "viewer", "officer"])
def test_home_counts_the_contacts_that_this_person_may_see(
    world: World, admin: Connection, run_sync: Run, browser: Browser, role: str
) -> None:
    person = world.operator if role == "operator" else world.member(role)
    own = world.consented(person) if role == "officer" else None
    run_sync(admin)
    if own is not None:
        run_sync(own)
    number = own.visibilities.count() if own is not None else Contact.objects.count()
    assert f'<span class="big">{number}</span>' in page(browser(person), "/")


def test_home_lists_the_organizations_synced_longest_ago_and_counts_the_rest(
    world: World, admin: Connection, run_sync: Run, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sync(admin)
    world.sandbox.pass_time(60)
    run_sync(world.connected(BLUEWATER))
    monkeypatch.setattr(panels, "LISTED_INSTALLATIONS", 1)
    html = page(browser(world.operator), "/")
    panel = html.partition("Synced contacts")[2].partition("</section>")[0]
    assert CEDAR in panel and BLUEWATER not in panel
    assert "Sandbox" in panel, "the environment is named"
    assert "and 1 more environment" in html
    assert f'<span class="big">{Contact.objects.count()}</span>' in html


def test_the_organization_shows_which_owners_have_connected(
    world: World, run_sync: Run, browser: Browser
) -> None:
    connection = world.consented(world.member("officer"))
    run_sync(connection)
    html = page(browser(world.operator), f"/organizations/{connection.installation.organization.slug}/")
    owners = owners_panel(html)
    assert "1 of 1 has a working connection of their own." in owners
    assert connection.sync_state.owner.display_name in owners


def test_a_connection_says_what_it_can_and_cannot_see(world: World, run_sync: Run, browser: Browser) -> None:
    connection = world.consented(world.member("officer"))
    run_sync(connection)
    html = page(browser(world.operator), address(connection, f"connections/{connection.pk}/"))
    assert f'<span class="num">{connection.sync_state.contacts}</span> of ' in html
    assert "Only client credentials (an admin connection) can see other owners" in html


def test_a_connection_says_what_syncs_left_out(
    world: World, admin: Connection, run_sync: Run, browser: Browser
) -> None:
    place = reverse("connection", args=[admin.installation.organization.slug, admin.pk])
    run_sync(admin)
    assert "t return" not in page(browser(world.operator), place)
    unread.keep_contacts(admin, [4, 7], reason="forbidden")
    unread.keep_page(admin, list="contacts", reason="unreadable")
    assert "t return 2 contacts and 1 page of its lists" in page(browser(world.operator), place)


def test_every_page_counts_the_same_owners(
    world: World, admin: Connection, officer: Connection, run_sync: Run, browser: Browser
) -> None:
    run_sync(admin)
    run_sync(officer)
    _owners_of_every_kind(admin)
    number = owners.of(admin.installation).count()
    assert Owner.objects.count() == number + 1, "a deactivated owner without contacts doesn't count"
    Verification.objects.create(connection=admin, outcome="done", started_at=clock.now())
    client, slug = browser(world.operator), admin.installation.organization.slug
    said = f"of all {number} owners"
    assert said in page(client, "/")
    assert said in page(client, address(admin))
    organization = page(client, f"/organizations/{slug}/")
    assert said in organization
    assert f"1 of {number} have working connections" in owners_panel(organization)
    assert said in page(client, reverse("connect_result", args=[slug, admin.pk]))
    offered = filters.owner_options(Selection(), admin.installation, through=None)
    assert (len(offered.choices), offered.has_more) == (number, False)


def _owners_of_every_kind(admin: Connection) -> None:
    """Leave an owner without contacts, a deactivated one with contacts, and one who is both."""
    idle, left, gone = Owner.objects.exclude(sync_states__isnull=False).order_by("pk")[:3]
    for owner in (idle, gone):
        Contact.objects.filter(owner=owner).update(owner=left)
    assert Contact.objects.filter(owner=left).exists()
    Owner.objects.filter(pk__in=[left.pk, gone.pk]).update(is_active=False)
    assert coverage.of(admin.installation).sees_all
