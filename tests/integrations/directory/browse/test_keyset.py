"""Pages by key: forward and backward in any order, even if many rows are equal."""

import base64
import json

import pytest
from django.db.models import QuerySet
from hypothesis import given
from hypothesis import strategies as st

from integrations.connections import installations
from integrations.connections.models import Installation
from integrations.directory.browse import keyset
from integrations.directory.browse.selection import ORDERS
from integrations.directory.models import Contact
from portal.core import clock
from tests.world import World


@pytest.fixture
def installation(world: World) -> Installation:
    return installations.get_or_create(world.organization(), world.environment)


@pytest.fixture
def contacts(installation: Installation) -> "QuerySet[Contact]":
    now = clock.now()
    Contact.objects.bulk_create(
        Contact(
            installation=installation,
            remote_id=n,
            sort_name="abc"[n % 3],
            sort_city="" if n % 4 else "x",
            remote_updated_at=f"2026-01-0{1 + n % 5}T00:00:00Z",
            first_seen_at=now,
            synced_at=now,
        )  # fmt: skip
        for n in range(1, 24)
    )
    return Contact.objects.filter(installation=installation)


@pytest.mark.parametrize("few", [0, 2000])
@pytest.mark.parametrize("name", ORDERS)
def test_the_pages_in_both_directions_are_the_whole_list_in_order(
    contacts: "QuerySet[Contact]", monkeypatch: pytest.MonkeyPatch, name: str, few: int
) -> None:
    monkeypatch.setattr(keyset, "PAGE", 5)
    monkeypatch.setattr(keyset, "FEW", few)
    order = ORDERS[name]
    sign = "-" if order.descending else ""
    whole = list(contacts.order_by(f"{sign}{order.column}", f"{sign}pk"))
    pages = [keyset.page(contacts, order)]
    while pages[-1].after:
        pages.append(keyset.page(contacts, order, after=pages[-1].after))
    assert [row for page in pages for row in page.rows] == whole
    assert pages[0].before == ""
    back = [pages[-1]]
    while back[-1].before:
        back.append(keyset.page(contacts, order, before=back[-1].before))
    assert [row for page in reversed(back) for row in page.rows] == whole


@pytest.mark.parametrize("name", ORDERS)
def test_the_neighbors_of_a_contact_are_those_beside_it_in_the_list(
    contacts: "QuerySet[Contact]", name: str
) -> None:
    order = ORDERS[name]
    sign = "-" if order.descending else ""
    whole = list(contacts.order_by(f"{sign}{order.column}", f"{sign}pk"))
    for before, row, after in zip([None, *whole], whole, [*whole[1:], None], strict=False):
        assert keyset.neighbors(contacts, order, row) == (before, after)


@pytest.mark.parametrize("size", [1, 5, 23, 24])
def test_chunks_are_the_whole_list_in_order(contacts: "QuerySet[Contact]", size: int) -> None:
    chunks = list(keyset.chunks(contacts, ORDERS["-updated"], size=size))
    assert [row for chunk in chunks for row in chunk] == list(contacts.order_by("-remote_updated_at", "-pk"))
    assert all(0 < len(chunk) <= size for chunk in chunks)
    assert list(keyset.chunks(contacts.none(), ORDERS["name"], size=size)) == []


@given(st.text(max_size=40))
def test_a_broken_key_is_the_first_page(key: str) -> None:
    assert keyset._read_key(key, ORDERS["name"]) is None or isinstance(
        keyset._read_key(key, ORDERS["name"]), tuple
    )
    assert keyset._read_key(key, ORDERS["-updated"]) is None


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_key_with_a_time_that_utc_does_not_have_is_no_key(time: str) -> None:
    key = base64.urlsafe_b64encode(json.dumps([time, 1]).encode()).decode()
    assert keyset._read_key(key, ORDERS["-updated"]) is None


@pytest.mark.parametrize("key", ["bnVsbA", "WyJhIiwiYiJd", "WyJhIiwxXQ=="])
def test_a_key_of_another_order_is_no_key(key: str) -> None:
    assert keyset._read_key(key, ORDERS["-updated"]) is None


def test_the_count_is_exact_up_to_a_limit(contacts: "QuerySet[Contact]") -> None:
    assert keyset.count(contacts) == 23
    assert keyset.count(contacts.filter(sort_name="a")) == 7
    assert keyset.count(contacts, limit=10) == 10
    assert keyset.count(contacts, limit=100) == 23


def test_a_key_nested_too_deep_is_no_key() -> None:
    key = base64.urlsafe_b64encode(b"[" * 100_000).decode()
    assert keyset._read_key(key, ORDERS["name"]) is None
    assert keyset._read_key(key[:1100], ORDERS["name"]) is None
