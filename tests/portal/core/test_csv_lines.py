"""No cell of a download begins a formula, whatever a spreadsheet takes for the separator."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.core import csv_lines

FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def download(*cells: str) -> str:
    return b"".join(csv_lines.encoded([list(cells)])).decode("utf-8-sig")


def as_opened(content: str, separator: str) -> list[str]:
    rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
    return [cell for row in rows for cell in row]


@given(st.lists(st.text("ab1=+-@＝;,\t\r\n\"' ", max_size=10), min_size=1, max_size=4))
@example(["x", "a;=cmd"])
@example(["a;=cmd"])
@example(["x", 'a;"=cmd"'])
@example(["x", "a\n=cmd"])
@example(["x", "a\t@cmd"])
@example(["x", ";=a;+b;-c"])
@example(["x", "; =cmd"])
def test_no_cell_begins_a_formula_for_any_separator(cells: list[str]) -> None:
    for separator in ",;\t":
        for cell in as_opened(download(*cells), separator):
            assert not cell.startswith(FORMULA), (cells, separator, cell)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("a;=cmd", "a;'=cmd"),
        ("=a;=b", "'=a;'=b"),
        ("a\n- b", "a\n'- b"),
        ("one; two", "one; two"),
        ("a,=b", "a,=b"),
        ("a-b;c", "a-b;c"),
        ("", ""),
    ],
)
def test_only_what_begins_a_formula_gets_an_apostrophe_and_can_lose_it(given: str, written: str) -> None:
    assert csv_lines.neutralized(given) == written
    assert csv_lines.without_inner_apostrophes(written).removeprefix("'") == given
