"""The selection in an address, and the contacts that match it."""

from typing import Any

import pytest
from django.http import QueryDict

from integrations.connections import installations
from integrations.connections.models import Installation
from integrations.directory.browse import search_text
from integrations.directory.browse.selection import ORDERS, Selection
from integrations.directory.models import Contact, ContactGroup, Membership
from portal.core import clock
from tests.world import BLUEWATER, World


@pytest.fixture
def installation(world: World) -> Installation:
    return installations.get_or_create(world.organization(), world.environment)


def make(installation: Installation, id: int, *groups: str, **fields: Any) -> Contact:
    name = f"{fields.get('first_name', '')} {fields.get('last_name', '')}"
    contact = Contact.objects.create(
        installation=installation,
        remote_id=id,
        first_seen_at=clock.now(),
        synced_at=clock.now(),
        sort_name=search_text.fold(name),
        search=search_text.searchable([name, fields.get("email", "")], [fields.get("phone_cell", "")]),
        **fields,
    )
    for group in groups:
        row, _ = ContactGroup.objects.get_or_create(
            installation=installation,
            name=group,
            defaults={"remote_id": hash(group) % 10**9, "synced_at": clock.now()},
        )
        Membership.objects.create(contact=contact, group=row)
    return contact


def ids(query: str, installation: Installation) -> set[int]:
    found = Selection.read(QueryDict(query)).apply(Contact.objects.all(), installation)
    return set(found.values_list("remote_id", flat=True))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {1, 2, 3}),
        ("q=zoe", {1}),
        ("q=ZO%C3%8B+nun", {1}),
        ("q=555-0123", {1}),
        ("q=mail.example", {1, 2}),
        ("q=100%25", set()),
        ("q=an", {1, 2, 3}),
        ("state=MN", {1}),
        ("source=Web", {2}),
        ("ok_to_call=yes", {1}),
        ("ok_to_call=no", {2}),
        ("ok_to_call=unknown", {3}),
        ("ok_to_call=perhaps", {1, 2, 3}),
        ("archived=yes", {2}),
        ("updated=2026-03-02", {2}),
        ("gone=yes", {4}),
        ("group=Leads", {1, 2}),
        ("group=Leads&group=VIP", {1, 2, 3}),
        ("group=Leads&group=VIP&groups=all", {2}),
        ("group=Leads&groups=none", {3}),
        ("group=Leads&ok_to_call=no", {2}),
        ("group=Nobody", set()),
        ("group_id=0", set()),
        ("group_id=x", {1, 2, 3}),
        ("missing=yes", set()),
        ("missing=Leads", set()),
        ("missing=%00", {1, 2, 3}),
    ],
)
def test_filters_match_exactly_these_contacts(
    installation: Installation, query: str, found: set[int]
) -> None:
    make(installation, 1, "Leads", first_name="Zoë", last_name="Núñez", email="z@mail.example",
         phone_cell="(612) 555-0123", state="MN", ok_to_call=True, remote_updated_at="2026-03-01T23:59:59Z")  # fmt: skip
    make(installation, 2, "Leads", "VIP", first_name="Ann", email="ann@mail.example", source="Web",
         ok_to_call=False, archived=True, remote_updated_at="2026-03-02T00:00:00Z")  # fmt: skip
    make(installation, 3, "VIP", first_name="Danny", archived=False)
    make(installation, 4, gone_at="2026-01-01T00:00:00Z")
    assert ids(query, installation) == found


def test_groups_of_the_same_name_in_other_installations_do_not_count(
    world: World, installation: Installation
) -> None:
    make(installation, 1, "Leads")
    other = installations.get_or_create(world.organization(BLUEWATER), world.environment)
    make(other, 2, "VIP")
    assert ids("group=VIP", installation) == set()


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("q=ann&sort=name&owner=", "q=ann"),
        ("sort=-updated", "sort=-updated"),
        ("sort=nonsense", ""),
        ("group=A&group=A&group=B&groups=all", "group=A&group=B&groups=all"),
        ("groups=all", ""),
        ("environment=ct&q=x", "q=x&environment=ct"),
        ("size=100&size=7&q=x", "q=x"),
        ("size=100", "size=100"),
    ],
)
def test_an_address_leaves_out_defaults(given: str, written: str) -> None:
    assert Selection.read(QueryDict(given)).query() == written


def test_one_filter_is_removed_and_the_others_stay() -> None:
    selection = Selection.read(QueryDict("q=ann&state=MN&group=A&group=B&environment=ct"))
    assert selection.without("state") == "q=ann&environment=ct&group=A&group=B"
    assert selection.without("group", "A") == "q=ann&environment=ct&group=B&state=MN"
    assert selection.cleared == "environment=ct"


def test_order_environment_and_page_size_narrow_nothing() -> None:
    assert not Selection.read(QueryDict("sort=city&environment=ct&size=25")).is_narrow
    assert Selection.read(QueryDict("archived=no")).is_narrow


def test_every_order_has_an_index() -> None:
    leading = {tuple(index.fields[:2]) for index in Contact._meta.indexes}
    assert {("installation", order.column) for order in ORDERS.values()} <= leading
