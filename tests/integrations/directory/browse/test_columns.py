"""The columns of the contact list."""

import datetime as dt
from typing import Any

import pytest

from integrations.directory.browse import columns
from integrations.directory.models import Contact, Owner


def contact(**fields: Any) -> Contact:
    return Contact(remote_id=7, **fields)


@pytest.mark.parametrize(
    ("name", "fields", "shown", "exported"),
    [
        ("email", {"email": "a@x.example", "email_work": "b@x.example"}, "a@x.example", "a@x.example"),
        ("email", {"email_work": "b@x.example"}, "b@x.example", "b@x.example"),
        ("email", {}, "–", ""),
        ("phone", {"phone_home": "612-555-0100", "phone_office": "1"}, "612-555-0100", "612-555-0100"),
        ("phone_cell", {"phone_home": "612-555-0100"}, "–", ""),
        ("city", {"city": "Duluth", "state": "MN"}, "Duluth, MN", "Duluth, MN"),
        ("city", {"state": "MN"}, "MN", "MN"),
        ("owner", {"owner": Owner(first_name="Ada", last_name="Park")}, "Ada Park", "Ada Park"),
        ("owner", {}, "Unknown", ""),
        ("ok_to_call", {"ok_to_call": True}, "Yes", "Yes"),
        ("ok_to_email", {"ok_to_email": False}, "No", "No"),
        ("ok_to_mail", {}, "Unknown", "Unknown"),
        ("updated", {}, "Unknown", ""),
        ("remote_id", {}, "7", "7"),
    ],
)
def test_a_column_shows_and_exports_its_value(
    name: str, fields: dict[str, Any], shown: str, exported: str
) -> None:
    column = columns.COLUMNS[name]
    row = contact(**fields)
    assert (column.cell(row).text, column.text(row)) == (shown, exported)


def test_a_time_is_exported_in_utc_and_its_head_says_so() -> None:
    zone = dt.timezone(dt.timedelta(hours=-6))
    row = contact(remote_updated_at=dt.datetime(2026, 3, 1, 20, 0, 5, tzinfo=zone))
    column = columns.COLUMNS["updated"]
    assert (column.heading, column.text(row)) == ("Updated (UTC)", "2026-03-02 02:00:05")
    assert column.cell(row).time == row.remote_updated_at


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (["source", "email"], ("source", "email")),
        (["email", "email", "owner"], ("email", "owner")),
        (["search", "digest", "__class__", "state"], ("state",)),
        ([None, 7, ["email"], "city"], ("city",)),
        ([], columns.DEFAULT),
        (["nothing"], columns.DEFAULT),
    ],
)
def test_only_known_columns_are_shown(names: list[Any], read: tuple[str, ...]) -> None:
    assert columns.read(names) == read
