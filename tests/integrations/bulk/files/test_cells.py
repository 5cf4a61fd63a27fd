"""Cells of a row are cleaned as their fields need it, or the row is refused by row and column."""

from typing import Any

import pytest

from integrations.bulk.models import RowState
from integrations.directory.models import Owner
from tests.integrations.bulk.files.conftest import Import

pytestmark = pytest.mark.django_db

HEADS = ("First name", "Last name", "Email")
ODD_ROWS = [
    # first name, last name, email, phone, ZIP, birthday, OK to email, custom field, owner
    (("Ann", "", "a@x.example"), "Missing: last name."),
    (("", "Quill", "a@x.example"), "Missing: first name."),
    (("Ann", "Quill"), "Missing: email, phone or full address."),
    (("", "", "", "", "55731"), "Missing: first name; last name; email, phone or full address."),
    (("Ann", "Quill", "nobody"), "Column C (Email): Email is not an email address."),
    (("Ann", "Quill", "", "555-01"), "Column D (Mobile): Cell phone is not a phone number."),
    (
        ("Ann", "Quill", "a@x.example", "#N/A"),
        "Column D (Mobile): The cell has the error #N/A of a spreadsheet program.",
    ),
    (
        ("=A1", "Quill", "a@x.example"),
        "Column A (First name): The cell has a formula. Replace it with its value.",
    ),
    (("=cmd|' /C calc'!A0", "Quill", "a@x.example"), "The cell has a formula."),
    (
        ("Ann", "Qu\0ill", "a@x.example"),
        "Column B (Last name): The cell has a character that no text contains.",
    ),
    (("A" * 121, "Quill", "a@x.example"), "Column A (First name): First name is longer than 120 characters."),
    (("Ann", "Quill", "a@x.example", "", "", "31/31/2026"), "Column F (Birthday): Birthday is not a date."),
    (("Ann", "Quill", "a@x.example", "", "", "2026-02-30"), "Column F (Birthday): Birthday is not a date."),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "maybe"),
        "Column G (Email opt in): OK to email must be yes or no.",
    ),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "", "x" * 501),
        "Column H (Pets): It is longer than 500 characters",
    ),
    (
        ("Ann", "Quill", "a@x.example", "", "", "", "", "", "nobody@x.example"),
        "Column I (Owner): No owner has this ID",
    ),
    (
        ("Ann", "Quill", "a@x.example", *[""] * 6, "more"),
        "Column J: the row has more cells than the first row has names.",
    ),
    (
        ("Ann", "Quill", "nobody", "1"),
        "Column C (Email): Email is not an email address. Column D (Mobile): Cell phone is not a phone number.",
    ),
]
GOOD_ROWS: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("Bo", "Lund", "b1@x.example", "", '="02134"'), {"zip_code": "02134"}),
    (("Bo", "Lund", "b2@x.example", "'+1 612 555 0144"), {"phone_cell": "+1 612 555 0144"}),
    (("Bo", "Lund", "b3@x.example", "(612) 555-0144"), {"phone_cell": "(612) 555-0144"}),
    (("  Bo \t", "Lu\u200bnd", " b4@x.example "), {"first_name": "Bo", "last_name": "Lund"}),
    (("Bo", "O'Neil", "b5@x.example"), {"last_name": "O'Neil"}),
    (("Bo", "-Lund", "b6@x.example"), {"last_name": "-Lund"}),
    (("Bo", "Lund", "b8@x.example", "", "", "1/31/1984"), {"birthday": "1984-01-31"}),
    (("Bo", "Lund", "b9@x.example", "", "", "", "No"), {"ok_to_email": False}),
    (("Bo", "Lu;'-nd", "b11@x.example"), {"last_name": "Lu;-nd"}),
    (("Bo", "山田", "b10@x.example"), {"last_name": "山田"}),
]


def test_odd_rows_are_refused_by_column_and_the_others_are_cleaned(owner: Owner, import_rows: Import) -> None:
    heads = (*HEADS, "Mobile", "Zip", "Birthday", "Email opt in", "Pets", "Owner")
    names = ("first_name", "last_name", "email", "phone_cell", "zip_code", "birthday", "ok_to_email")
    targets = [*(f"field:{name}" for name in names), "custom:pets", "owner"]
    rows = [row for row, _ in ODD_ROWS] + [row for row, _ in GOOD_ROWS]
    made = import_rows(heads, *rows, owner=owner.remote_id, targets=targets)
    found = list(made.rows.order_by("number"))
    assert [row.number for row in found] == list(range(2, len(rows) + 2))
    for row, (given, reason) in zip(found, ODD_ROWS, strict=False):
        assert row.state == RowState.REFUSED and reason in row.reason, (given, row.reason)
        assert (row.contact, row.remote_id, row.after) == (None, None, {})
        assert row.reason.endswith((".", "J")) or len(row.reason) == 300
    for row, (given, fields) in zip(found[len(ODD_ROWS) :], GOOD_ROWS, strict=True):
        assert row.state == RowState.PLANNED, (given, row.reason)
        assert fields.items() <= row.after["fields"].items()
    assert not made.grants_consent, "a refusal needs no evidence"
