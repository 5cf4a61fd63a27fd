"""Pages by key of the admin's lists."""

import base64
import datetime as dt
import json
from typing import Any

import pytest

from portal.core import clock
from portal.core.admin.paging import Page, page
from portal.organizations.models import Invitation, Organization

pytestmark = pytest.mark.django_db

ROWS = 7


@pytest.fixture
def organization() -> Organization:
    return Organization.objects.create(name="Cedar Home Lending", slug="cedar", created_at=clock.now())


@pytest.fixture
def rows(organization: Organization) -> list[Invitation]:
    """Invitations by creation; three have the same time, so that their ids decide."""
    at = clock.now()
    days = [0, 1, 2, 2, 2, 3, 4]
    made = [
        Invitation.objects.create(
            organization=organization,
            email=f"{number}@example.com",
            role="viewer",
            token_hash=str(number),
            created_at=at + dt.timedelta(days=day),
            sent_at=at,
            expires_at=at,
        )
        for number, day in enumerate(days)
    ]
    return sorted(made, key=lambda row: (row.created_at, str(row.pk)))


def walk(column: str, size: int) -> list[Page]:
    """Every page, from the first to the last."""
    found = [page(Invitation.objects.all(), column, size=size)]
    while found[-1].after:
        found.append(page(Invitation.objects.all(), column, size=size, after=found[-1].after))
    return found


@pytest.mark.parametrize("size", [1, 2, 3, ROWS, ROWS + 1])
@pytest.mark.parametrize("column", ["created_at", "-created_at", "pk", "-email"])
def test_pages_hold_every_row_once_and_in_order(rows: list[Invitation], column: str, size: int) -> None:
    found = [row for each in walk(column, size) for row in each.rows]
    sign = "-" if column.startswith("-") else ""
    assert found == list(Invitation.objects.order_by(column, f"{sign}pk"))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_going_back_shows_the_same_pages(rows: list[Invitation], size: int) -> None:
    forwards = walk("-created_at", size)
    at = forwards[-1]
    for expected in forwards[-2::-1]:
        at = page(Invitation.objects.all(), "-created_at", size=size, before=at.before)
        assert at.rows == expected.rows
    assert at.before == ""


def key(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()


@pytest.mark.parametrize(
    "broken",
    [
        "x",
        "%",
        "ÿ",
        key(),
        key("2026-01-01T00:00:00+00:00"),
        key("yesterday", "00000000-0000-0000-0000-000000000000"),
        key("2026-01-01T00:00:00", "00000000-0000-0000-0000-000000000000"),
        key("2026-01-01T00:00:00+00:00", "x"),
        key("0001-01-01T00:00:00+14:00", "00000000-0000-0000-0000-000000000000"),
        key("9999-12-31T23:59:59-14:00", "00000000-0000-0000-0000-000000000000"),
        key(None, None),
        key({}, []),
    ],
)
def test_a_key_that_no_page_has_given_out_is_the_first_page(rows: list[Invitation], broken: str) -> None:
    for place in ("after", "before"):
        found = page(Invitation.objects.all(), "created_at", size=2, **{place: broken})
        assert found.rows == rows[:2]


@pytest.mark.parametrize("name", ["\0", "\ud800"])
def test_a_key_that_the_database_would_refuse_is_the_first_page(
    organization: Organization, name: str
) -> None:
    found = page(Organization.objects.all(), "name", size=2, after=key(name, organization.pk))
    assert found.rows == [organization]
    assert page(Organization.objects.all(), "pk", size=2, after=key(2**70, 2**70)).rows == [organization]


def test_a_list_without_rows_has_one_page_without_rows() -> None:
    assert page(Invitation.objects.all(), "created_at", size=2) == Page()
