"""Parsing single values."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.total_expert import parse

NOON = dt.datetime(2019, 1, 31, 12, 0, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", [14, "14", " 14 ", 14.0])
def test_an_id_is_a_number_or_text(value: Any) -> None:
    assert parse.integer_id(value) == 14


@pytest.mark.parametrize(
    "value", [None, True, "", "a", "1.5", 1.5, 0, -3, "-3", 2**64, "9" * 5000, "١٤", [], {}]
)
def test_an_invalid_id_is_none(value: Any) -> None:
    assert parse.integer_id(value) is None


def test_a_hexadecimal_id_is_text() -> None:
    assert parse.text_id("0a1b2c3d4e5f6071") == "0a1b2c3d4e5f6071"
    assert parse.text_id("../x") is None
    assert parse.text_id(12) == "12"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("357904.00", "357904.00"),
        (4.125, "4.125"),
        (7, "7"),
        (" -3.5 ", "-3.5"),
        (1e-05, "0.00001"),
        (0, "0"),
    ],
)
def test_an_amount_is_a_number_or_text_and_stays_exact(value: Any, read: str) -> None:
    assert str(parse.decimal(value)) == read


@pytest.mark.parametrize(
    "value", [None, True, "", "1,000", "$5", "1e9", "NaN", float("inf"), 1e300, "٣", [], {}]
)
def test_an_invalid_amount_is_none(value: Any) -> None:
    assert parse.decimal(value) is None


def test_required_text_is_not_blank() -> None:
    assert parse.required_text("Active") == "Active"
    assert [parse.required_text(value) for value in ("", "  ", None, 5, ["x"])] == [None] * 5


@pytest.mark.parametrize("value", [True, 1, "1", "True", "true", 1.0])
def test_true_has_several_spellings(value: Any) -> None:
    assert parse.boolean(value) is True


@pytest.mark.parametrize("value", [False, 0, "0", "False", "false"])
def test_false_has_several_spellings(value: Any) -> None:
    assert parse.boolean(value) is False


@pytest.mark.parametrize("value", [None, "", "maybe", 2, [], {}])
def test_an_unknown_flag_is_none(value: Any) -> None:
    assert parse.boolean(value) is None


@pytest.mark.parametrize(
    "value",
    ["2019-01-31 12:00:01", "2019-01-31T12:00:01Z", "2019-01-31T12:00:01.25Z", "2019-01-31T14:00:01+02:00"],
)
def test_a_timestamp_is_aware_and_in_utc(value: str) -> None:
    assert parse.timestamp(value) == NOON
    read = parse.timestamp(value)
    assert read is not None
    assert read.tzinfo is dt.UTC


def test_a_date_alone_is_midnight() -> None:
    assert parse.timestamp("2016-12-26") == dt.datetime(2016, 12, 26, tzinfo=dt.UTC)
    assert parse.date("2016-12-26 09:09:09") == dt.date(2016, 12, 26)


@pytest.mark.parametrize(
    "value",
    ["0000-00-00 00:00:00", "0000-00-00", "", None, 0, "2019-02-30", "2019-01-31 25:00:00", "soon",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "0001-01-01 00:00:00", "9999-12-31 23:59:59"],
)  # fmt: skip
def test_an_invalid_timestamp_is_none(value: Any) -> None:
    assert parse.timestamp(value) is None
    assert parse.date(value) is None


def test_text_accepts_numbers_and_nothing_else() -> None:
    assert parse.text("ä") == "ä"
    assert parse.text(55346) == "55346"
    assert parse.text(None) == parse.text(True) == parse.text([]) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(JSON)
def test_no_value_makes_a_parser_raise(value: Any) -> None:
    for reader in (parse.text, parse.integer, parse.integer_id, parse.text_id, parse.boolean,
                   parse.timestamp, parse.date, parse.decimal, parse.required_text):  # fmt: skip
        reader(value)
