"""Paths, query strings and JSON bodies."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest

from integrations.total_expert import Loan, Rejected
from integrations.total_expert.transport.serialization import (
    json_body,
    list_query,
    path_segment,
    query_string,
    relative_path,
)


def listed(**options: Any) -> dict[str, str]:
    defaults: dict[str, Any] = {"number": 1, "size": 100, "filter": {}, "sort": ()}
    return dict(parse_qsl(list_query(**{**defaults, **options}), strict_parsing=True))


def test_a_page_is_requested_by_number_and_size() -> None:
    assert listed(number=7, size=25) == {"page[number]": "7", "page[size]": "25"}


def test_filters_are_joined_by_commas() -> None:
    assert listed(filter={"owner_id": 14, "archieved": True})["filter"] == "owner_id=14,archieved=1"


def test_a_datetime_is_sent_in_utc() -> None:
    at = dt.datetime(2017, 10, 14, 19, 41, 1, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert listed(filter={"internal_updated_at_start": at})["filter"] == (
        "internal_updated_at_start=2017-10-14T17:41:01Z"
    )


def test_a_year_is_sent_with_four_digits() -> None:
    at = dt.datetime(2, 1, 1, tzinfo=dt.UTC)
    assert listed(filter={"internal_updated_at_start": at})["filter"] == (
        "internal_updated_at_start=0002-01-01T00:00:00Z"
    )


def test_plus_signs_and_spaces_are_percent_encoded() -> None:
    query = list_query(
        number=1, size=1, filter={"email": "a+b@example.com", "last_name": "de Vries"}, sort=()
    )
    assert "a%2Bb%40example.com" in query
    assert "de%20Vries" in query


def test_sort_fields_are_joined_by_commas() -> None:
    assert listed(sort=("last_name", "-internal_updated_at"))["sort"] == "last_name,-internal_updated_at"


@pytest.mark.parametrize(
    "value", ["Doe, Jane", "a=b", "", None, 1.5, ["x"], dt.datetime(2020, 1, 1), Decimal("NaN")]
)
def test_a_filter_value_that_the_syntax_can_not_express_is_rejected(value: Any) -> None:
    with pytest.raises(Rejected) as refused:
        listed(filter={"last_name": value})
    assert refused.value.code == "filter"
    assert "Doe" not in str(refused.value)


@pytest.mark.parametrize("name", ["a=b", "a,b", "", "a b", "ä"])
def test_a_field_name_that_would_change_the_query_is_rejected(name: str) -> None:
    with pytest.raises(Rejected):
        listed(filter={name: "x"})
    with pytest.raises(Rejected):
        listed(sort=(name,))


@pytest.mark.parametrize("options", [{"number": 0}, {"size": 0}, {"size": 101}])
def test_an_invalid_page_number_or_size_is_rejected(options: dict[str, int]) -> None:
    with pytest.raises(Rejected):
        listed(**options)


def test_a_parameter_that_is_none_is_left_out() -> None:
    assert query_string({"a": 1, "b": None, "c": "x y"}) == "a=1&c=x%20y"


@pytest.mark.parametrize(
    "value", ["\ud800", [1], (1, 2), {"a": 1}, b"x", 1.5, object(), dt.datetime(2020, 1, 1), Decimal("NaN")]
)
def test_a_parameter_of_another_type_is_rejected(value: Any) -> None:
    with pytest.raises(Rejected):
        query_string({"a": value})


def test_a_single_sort_field_can_be_a_string_or_a_list() -> None:
    assert listed(sort="-last_name") == listed(sort=["-last_name"])


@pytest.mark.parametrize(("identifier", "text"), [(14, "14"), ("0a1b", "0a1b"), ("a/b?c", "a%2Fb%3Fc")])
def test_an_id_is_one_path_segment(identifier: object, text: str) -> None:
    assert path_segment(identifier) == text


@pytest.mark.parametrize("identifier", ["", ".", "..", None, True, 1.5, "\ud800"])
def test_an_invalid_id_is_rejected(identifier: object) -> None:
    with pytest.raises(Rejected):
        path_segment(identifier)


@pytest.mark.parametrize("path", ["teams/5", "/teams/5", "schema/custom-fields", "contacts/a%20b"])
def test_a_relative_path_is_accepted(path: str) -> None:
    assert relative_path(path) == f"/{path.removeprefix('/')}"


@pytest.mark.parametrize(
    "path",
    ["", "/", "//evil.example/v1", "https://evil.example/v1", "/https://evil.example", "../admin", "teams/../../x",
     "teams/%2e%2e/x", "teams/..%5cx", "teams?x=1", "teams#x", "a b", "teams\r\nX: y", "\\evil",
     "teams/ä"],
)  # fmt: skip
def test_a_path_that_leaves_the_base_url_is_rejected(path: str) -> None:
    with pytest.raises(Rejected) as refused:
        relative_path(path)
    assert refused.value.code == "invalid_path"


def test_datetimes_in_a_body_have_the_format_of_the_vendor() -> None:
    at = dt.datetime(2020, 1, 1, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    assert json.loads(json_body({"at": at, "on": dt.date(2020, 1, 2)})) == {
        "at": "2019-12-31 23:00:00",
        "on": "2020-01-02",
    }


def test_decimals_keep_their_digits() -> None:
    rates = [Decimal("4.1250"), Decimal("1E+3"), Decimal("0.1")]
    assert json.loads(json_body({"rates": rates})) == {"rates": ["4.1250", "1000", "0.1"]}
    assert listed(filter={"rate": rates[0]})["filter"] == "rate=4.1250"
    assert query_string({"rate": rates[1]}) == "rate=1000"


def test_an_amount_that_was_read_can_be_written() -> None:
    loan = Loan.from_json({"id": 1, "loan_amount": "412500.55"})
    assert loan is not None
    assert json.loads(json_body({"loan_amount": loan.loan_amount})) == {"loan_amount": "412500.55"}


@pytest.mark.parametrize(
    "value", [object(), float("nan"), {1, 2}, dt.datetime(2020, 1, 1), b"x", Decimal("Infinity")]
)
def test_data_that_is_not_json_is_rejected(value: Any) -> None:
    with pytest.raises(Rejected):
        json_body({"x": value})
