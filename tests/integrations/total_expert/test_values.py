"""Reading single values."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.total_expert import values

NOON = dt.datetime(2019, 1, 31, 12, 0, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize("value", [14, "14", " 14 ", 14.0])
def test_ids_come_as_numbers_or_text(value: Any) -> None:
    assert values.identifier(value) == 14


@pytest.mark.parametrize(
    "value", [None, True, "", "a", "1.5", 1.5, 0, -3, "-3", 2**64, "9" * 5000, "١٤", [], {}]
)
def test_what_is_no_id_is_none(value: Any) -> None:
    assert values.identifier(value) is None


def test_hexadecimal_ids_stay_text() -> None:
    assert values.text_identifier("0a1b2c3d4e5f6071") == "0a1b2c3d4e5f6071"
    assert values.text_identifier("../x") is None
    assert values.text_identifier(12) == "12"


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
def test_amounts_come_as_numbers_or_text_and_stay_exact(value: Any, read: str) -> None:
    assert str(values.decimal(value)) == read


@pytest.mark.parametrize(
    "value", [None, True, "", "1,000", "$5", "1e9", "NaN", float("inf"), 1e300, "٣", [], {}]
)
def test_what_is_no_amount_is_none(value: Any) -> None:
    assert values.decimal(value) is None


def test_names_are_texts_with_something_in_them() -> None:
    assert values.name("Active") == "Active"
    assert [values.name(value) for value in ("", "  ", None, 5, ["x"])] == [None] * 5


@pytest.mark.parametrize("value", [True, 1, "1", "True", "true", 1.0])
def test_yes_has_many_spellings(value: Any) -> None:
    assert values.boolean(value) is True


@pytest.mark.parametrize("value", [False, 0, "0", "False", "false"])
def test_no_has_many_spellings(value: Any) -> None:
    assert values.boolean(value) is False


@pytest.mark.parametrize("value", [None, "", "maybe", 2, [], {}])
def test_an_unknown_flag_is_unknown_and_not_no(value: Any) -> None:
    assert values.boolean(value) is None


@pytest.mark.parametrize(
    "value",
    ["2019-01-31 12:00:01", "2019-01-31T12:00:01Z", "2019-01-31T12:00:01.25Z", "2019-01-31T14:00:01+02:00"],
)
def test_times_are_utc_and_aware(value: str) -> None:
    assert values.moment(value) == NOON
    read = values.moment(value)
    assert read is not None
    assert read.tzinfo is dt.UTC


def test_a_date_alone_is_its_midnight() -> None:
    assert values.moment("2016-12-26") == dt.datetime(2016, 12, 26, tzinfo=dt.UTC)
    assert values.day("2016-12-26 09:09:09") == dt.date(2016, 12, 26)


@pytest.mark.parametrize(
    "value",
    ["0000-00-00 00:00:00", "0000-00-00", "", None, 0, "2019-02-30", "2019-01-31 25:00:00", "soon",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)  # fmt: skip
def test_what_is_no_time_is_none(value: Any) -> None:
    assert values.moment(value) is None
    assert values.day(value) is None


def test_text_takes_numbers_and_nothing_else() -> None:
    assert values.text("ä") == "ä"
    assert values.text(55346) == "55346"
    assert values.text(None) == values.text(True) == values.text([]) == ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(JSON)
def test_no_value_makes_a_reader_raise(value: Any) -> None:
    for reader in (values.text, values.integer, values.identifier, values.text_identifier, values.boolean,
                   values.moment, values.day, values.decimal, values.name):  # fmt: skip
        reader(value)
