"""Contacts that a connection no longer sees: kept while another one sees them, marked as gone when none does."""

from collections.abc import Callable

import pytest
from django.test import Client

from integrations import total_expert
from integrations.connections.models import Connection
from integrations.directory.models import Contact, ContactGroup, Membership
from integrations.jobs.models import Job
from portal.accounts.models import User
from tests.integrations.directory.visits import address
from tests.world import CEDAR, World

Run = Callable[..., Job]


@pytest.fixture
def lost(
    world: World,
    admin: Connection,
    officer: Connection,
    over_there: total_expert.Client,
    run_sync: Run,
) -> Contact:
    """A contact in a group that the officer saw, until it was transferred to a colleague. The admin still sees it."""
    run_sync(admin)
    run_sync(officer)
    contact = Contact.objects.filter(visibilities__connection=officer, memberships__isnull=False)[0]
    colleague = world.sandbox.officers(CEDAR)[1]
    over_there.contacts.update(contact.remote_id, {"owner": {"id": colleague["id"]}})
    run_sync(officer, full=True)
    return contact


def test_a_contact_that_one_connection_lost_stays_while_another_sees_it(
    admin: Connection, officer: Connection, lost: Contact
) -> None:
    assert [row.connection for row in lost.visibilities.all()] == [admin]
    lost.refresh_from_db()
    assert lost.gone_at is None
    assert lost in Contact.objects.present()
    groups = ContactGroup.objects.filter(memberships__contact=lost, gone_at=None)
    named = {group["id"] for group in lost.document.raw["contact_groups"]}
    assert set(groups.values_list("remote_id", flat=True)) == named != set()


def test_it_is_not_found_by_the_person_who_lost_it(
    world: World, officer: Connection, lost: Contact, browser: Callable[[User], Client]
) -> None:
    assert officer.user is not None
    page = address(officer, f"contacts/{lost.pk}/")
    assert browser(officer.user).get(page).status_code == 404
    rows = f'data-href="{page}"'
    list_ = address(officer)
    assert rows not in browser(officer.user).get(list_).content.decode()
    assert browser(world.operator).get(page).status_code == 200
    assert rows in browser(world.operator).get(list_, {"q": lost.email or lost.first_name}).content.decode()


def test_it_is_gone_once_the_last_connection_lost_it(
    admin: Connection, over_there: total_expert.Client, lost: Contact, run_sync: Run
) -> None:
    memberships = set(Membership.objects.filter(contact=lost).values_list("group", flat=True))
    over_there.contacts.delete(lost.remote_id)
    run_sync(admin, full=True)
    lost.refresh_from_db()
    assert lost.gone_at is not None
    assert not lost.visibilities.exists()
    assert set(Membership.objects.filter(contact=lost).values_list("group", flat=True)) == memberships
