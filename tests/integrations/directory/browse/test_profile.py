"""A contact's record made readable."""

import datetime as dt
from typing import Any

import pytest

from integrations.directory.browse import profile
from integrations.directory.models import Contact


def test_flags_that_the_api_cannot_read_are_unknown() -> None:
    values = {flag.label: flag.value for flag in profile.flags(Contact(ok_to_call=True, ok_to_email=False))}
    assert values["OK to call"] is True
    assert values["OK to email"] is False
    assert values["OK to mail"] is None
    assert values["Do not contact"] is None
    assert values["Consent to AI calls"] is None


def test_every_field_with_a_value_is_shown_and_unknown_ones_come_last() -> None:
    sections = profile.sections(
        {
            "first_name": "Ann",
            "nickname": "",
            "city": None,
            "external_ids": [{"source": "LOS", "external_id": "9"}, {"source": "Web", "external_id": "4"}],
            "custom": [{"field_name": "household_size", "value": 4}, {"field_name": "note", "value": None}],
            "favorite_color": "green",
            "nested": {"deep": {"er": [1, 2]}},
            "is_new": False,
        }
    )
    shown = {
        section.title: {label: [line.text for line in lines] for label, lines in section.rows}
        for section in sections
    }
    assert shown == {
        "Name": {"First name": ["Ann"]},
        "Origin": {"External IDs": ["Source: LOS; External ID: 9", "Source: Web; External ID: 4"]},
        "Custom fields": {"Household size": ["4"]},
        "Other fields": {"Favorite color": ["green"], "Nested": ["Deep: Er: 1, 2"], "Is new": ["No"]},
    }
    assert sections[-1].title == "Other fields"


def lines(raw: dict[str, Any]) -> list[tuple[str, list[profile.Line]]]:
    return [row for section in profile.sections(raw) for row in section.rows]


@pytest.mark.parametrize(
    ("raw", "label", "text"),
    [
        ({"birthday": "1970-05-04"}, "Birthday", "May 4"),
        ({"birthday": "1985-05-04"}, "Birthday", "May 4, 1985"),
        ({"close_date": "2026-03-01"}, "Close date", "March 1, 2026"),
        ({"close_date": "soon"}, "Close date", "soon"),
        ({"creation_date": "2026-03-01"}, "Creation date", "March 1, 2026"),
        ({"preferences": {"is_silenced": True}}, "Silenced by their owner", "Yes"),
        ({"owner": {"email": "a@b.example", "id": 7}}, "Owner", "Email: a@b.example"),
    ],
)
def test_values_read_as_people_write_them(raw: dict[str, Any], label: str, text: str) -> None:
    [(shown, [first, *_])] = lines(raw)
    assert (shown, first.text) == (label, text)


def test_times_are_times_so_that_pages_show_them_in_the_viewers_zone() -> None:
    [(label, [line])] = lines({"internal_created_at": "2026-03-01 06:00:00"})
    assert (label, line.time) == ("Created in Total Expert", dt.datetime(2026, 3, 1, 6, tzinfo=dt.UTC))


def test_groups_are_left_to_their_own_tab() -> None:
    assert lines({"contact_groups": [{"id": 1}]}) == []


@pytest.mark.parametrize(
    ("raw", "address"),
    [
        (
            {"address": "1 Elm St", "city": "Reno", "state": "NV", "zip_code": 89501},
            ["1 Elm St", "Reno, NV 89501"],
        ),
        ({"state": "NV"}, ["NV"]),
        ({"city": ["odd"], "address": None}, []),
    ],
)
def test_an_address_has_no_gaps(raw: dict[str, Any], address: list[str]) -> None:
    assert profile.address(raw) == address
