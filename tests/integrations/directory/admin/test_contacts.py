"""Contacts, groups and owners in Django's admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations.connections.models import Connection, Environment, Installation
from integrations.directory.browse import keyset
from integrations.directory.models import Contact, ContactGroup, Membership, Owner
from integrations.jobs.models import Job
from portal.core import clock
from tests.world import BLUEWATER, World

pytestmark = pytest.mark.django_db
Run = Callable[..., Job]
CONTACTS = "/admin/directory/contact/"


@pytest.fixture
def synced(world: World, admin: Connection, run_sync: Run) -> Connection:
    """Cedar Home Lending, as its connection sees it."""
    run_sync(admin)
    return admin


@pytest.fixture
def client(world: World) -> Client:
    made = Client()
    made.force_login(world.operator)
    return made


def cedar(synced: Connection) -> int:
    return synced.installation.organization_id


def listed(client: Client, address: str = CONTACTS, **query: Any) -> list[Any]:
    return list(client.get(address, query).context["cl"].result_list)


@pytest.mark.parametrize("table", ["contact", "contactgroup", "owner"])
def test_no_row_is_listed_before_an_organization_is_chosen(
    world: World, synced: Connection, client: Client, table: str
) -> None:
    world.organization(BLUEWATER)
    address = f"/admin/directory/{table}/"
    for query in ({}, {"organization": "x"}, {"organization": "99999999"}, {"organization": "9" * 30}):
        page = client.get(address, query)
        text = page.content.decode()
        assert "is empty until you choose an organization" in text and "cl" not in page.context
        # Bluewater isn't connected, so it has nothing to show
        assert [row["name"] for row in page.context["organizations"]] == ["Cedar Home Lending"]
    assert client.get(address, {"name": "cedar"}).context["organizations"]
    assert not client.get(address, {"name": "elm"}).context["organizations"]
    chosen = client.get(client.get(address).context["organizations"][0]["url"])
    assert chosen.context["cl"].result_count > 0


def test_the_pages_have_every_contact_once(synced: Connection, client: Client) -> None:
    first = Contact.objects.first()
    assert first is not None
    copies = []
    for number in range(2 * keyset.PAGE):
        copy = Contact.objects.get(pk=first.pk)
        copy.pk, copy.remote_id = None, 10_000 + number
        copies.append(copy)
    Contact.objects.bulk_create(copies)
    for order in ("0", "-0", "4", "-6"):
        found: list[int] = []
        address = f"{CONTACTS}?organization={cedar(synced)}&o={order}"
        while address:
            listing = client.get(address).context["cl"]
            found += [row.pk for row in listing.result_list]
            address = CONTACTS + listing.next_page if listing.next_page else ""
        assert len(found) == len(set(found)) == Contact.objects.count()


@pytest.mark.parametrize(
    "query", ["o=1", "o=99", "o=x", "p=after:x", "p=5", "p=before:", "all=1", "_facets=1"]
)
def test_an_unknown_filter_shows_the_first_page(synced: Connection, client: Client, query: str) -> None:
    place = f"{CONTACTS}?organization={cedar(synced)}"
    expected = list(client.get(place).context["cl"].result_list)
    assert list(client.get(f"{place}&{query}").context["cl"].result_list) == expected


def test_the_search_works_as_in_the_portal(synced: Connection, client: Client) -> None:
    row = Contact.objects.order_by("pk")[3]
    Contact.objects.filter(pk=row.pk).update(
        first_name="Zoë", last_name="O’Hara", search="6125550142\nzoe o'hara\nzoe@example.com"
    )
    for text in ("ZOË", "(612) 555-0142", "+1 612 555 0142", "zoe@EXAMPLE.com"):
        assert [found.pk for found in listed(client, organization=cedar(synced), q=text)] == [row.pk], text
    assert listed(client, organization=cedar(synced), q="no one of this name") == []


def test_the_filters_work_as_in_the_portal(synced: Connection, client: Client) -> None:
    place = cedar(synced)
    row = Contact.objects.order_by("pk")[2]
    Contact.objects.update(ok_to_call=None, source="Web")
    Contact.objects.filter(pk=row.pk).update(ok_to_call=True, state="MN", source="Referral")
    assert listed(client, organization=place, ok_to_call="yes") == [row]
    assert listed(client, organization=place, source="Referral") == [row]
    assert row not in listed(client, organization=place, ok_to_call="unknown")
    group = ContactGroup.objects.first()
    assert group is not None
    members = {each.contact_id for each in Membership.objects.filter(group__name=group.name)}
    assert {found.pk for found in listed(client, organization=place, group=group.name)} == members
    assert row.owner is not None
    theirs = listed(client, organization=place, owner=row.owner.pk)
    assert theirs and {found.owner for found in theirs} == {row.owner}
    Contact.objects.filter(pk=row.pk).update(gone_at=clock.now())
    assert row not in listed(client, organization=place)
    assert listed(client, organization=place, gone="yes") == [row]


def test_contacts_of_two_environments_never_mix(synced: Connection, client: Client) -> None:
    other = Environment.objects.create(
        name="production",
        label="Production",
        base_url="https://api.example/v1",
        authorize_url="https://api.example/v1/authorize",
        is_production=True,
    )
    organization = synced.installation.organization
    Installation.objects.create(organization=organization, environment=other, created_at=clock.now())
    assert listed(client, organization=cedar(synced)) == []  # production first
    sandbox = listed(client, organization=cedar(synced), environment="sandbox")
    assert sandbox and {row.installation_id for row in sandbox} == {synced.installation_id}
    page = client.get(CONTACTS, {"organization": cedar(synced), "environment": "sandbox"})
    spec = next(each for each in page.context["cl"].filter_specs if each.parameter_name == "environment")
    marked = [(each["display"], each["selected"]) for each in spec.choices(page.context["cl"])]
    assert marked == [("Production", False), ("Sandbox", True)]


def test_groups_and_owners_link_to_their_contacts(synced: Connection, client: Client) -> None:
    row = Contact.objects.exclude(owner=None).filter(memberships__isnull=False).first()
    assert row is not None and row.owner is not None
    group = ContactGroup.objects.filter(memberships__contact=row).first()
    assert group is not None
    for thing in (row.owner, group, synced.installation):
        options = thing._meta
        page = client.get(f"/admin/{options.app_label}/{options.model_name}/{thing.pk}/change/")
        address = next(each["url"] for each in page.context["related"] if each["label"] == "contacts")
        assert Contact.objects.filter(pk=row.pk).exists()
        assert row.pk in {found.pk for found in client.get(address).context["cl"].queryset}


def test_groups_and_owners_can_be_searched(synced: Connection, client: Client) -> None:
    owner, group = Owner.objects.order_by("pk").last(), ContactGroup.objects.order_by("pk").last()
    assert owner is not None and group is not None
    place = cedar(synced)
    assert owner in listed(client, "/admin/directory/owner/", organization=place, q=owner.email[:12].upper())
    assert group in listed(client, "/admin/directory/contactgroup/", organization=place, q=group.name[1:])
    assert listed(client, "/admin/directory/owner/", organization=place, q="no one at all") == []
    ContactGroup.objects.filter(pk=group.pk).update(gone_at=clock.now())
    assert listed(client, "/admin/directory/contactgroup/", organization=place, gone="yes") == [group]
