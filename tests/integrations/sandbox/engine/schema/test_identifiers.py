"""Ids as clients see them: numbers, strings, and hexadecimal strings that hide a number."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sandbox.engine.errors import ApiError
from integrations.sandbox.engine.schema import identifiers
from integrations.sandbox.resources import RESOURCES

NUMBERS = st.integers(min_value=1, max_value=10**18 - 1)
PATHS = st.sampled_from(sorted(RESOURCES))


@given(PATHS, NUMBERS)
def test_a_public_id_is_parsed_as_the_same_number(path: str, number: int) -> None:
    resource = RESOURCES[path]
    shown = identifiers.to_public(resource, number)
    assert identifiers.to_number(resource, shown) == number
    assert identifiers.to_number(resource, f" {str(shown).upper()} ") == number


@given(NUMBERS, NUMBERS)
def test_two_records_have_different_ids(one: int, other: int) -> None:
    for path, digits in (("contact-surveys", 16), ("campaigns", 32)):
        ids = [identifiers.to_public(RESOURCES[path], number) for number in (one, other)]
        assert all(re.fullmatch(f"[0-9a-f]{{{digits}}}", str(id)) for id in ids)
        assert (ids[0] == ids[1]) == (one == other)


def test_resources_show_the_same_number_differently() -> None:
    surveys, responses = RESOURCES["contact-surveys"], RESOURCES["contact-survey-responses"]
    assert identifiers.to_public(surveys, 301) != identifiers.to_public(responses, 301)
    assert identifiers.to_public(RESOURCES["contacts"], 301) == 301
    assert identifiers.to_public(RESOURCES["entities"], 301) == "301"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("contacts", "abc"),
        ("contacts", "-1"),
        ("contacts", "1" * 19),
        ("contacts", None),
        ("contacts", "²"),
        ("entities", "1234abcd7"),
        ("contact-surveys", 301),
        ("contact-surveys", "g" * 16),
        ("contact-surveys", "f" * 15),
        ("contact-surveys", {}),
    ],
)
def test_an_invalid_id_is_not_found(path: str, value: Any) -> None:
    with pytest.raises(ApiError) as rejected:
        identifiers.to_number(RESOURCES[path], value)
    assert rejected.value.status == 404
    assert identifiers.to_number_or_none(RESOURCES[path], value) is None


@given(st.text("0123456789abcdef", min_size=16, max_size=16))
def test_any_hexadecimal_string_is_the_id_of_at_most_one_number(text: str) -> None:
    surveys = RESOURCES["contact-surveys"]
    number = identifiers.to_number_or_none(surveys, text)
    assert number is None or identifiers.to_public(surveys, number) == text
