"""Primary keys in URLs and forms."""

import pytest

from portal.core.parameters import read_id


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("7", 7), ("007", 7), ("9" * 18, 10**18 - 1)])
def test_digits_are_a_key(text: str, number: int) -> None:
    assert read_id(text) == number


@pytest.mark.parametrize(
    "text", ["", " ", "-1", "+1", "1.0", "1e3", "１２", "²", "1\0", "9" * 19, "9" * 5000]
)
def test_anything_else_is_none(text: str) -> None:
    assert read_id(text) is None
