"""Names of people whose name nobody entered."""

import pytest

from portal.core import names


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("maria.lopez@lender.example", "Maria Lopez"),
        ("mary-jo_smith@lender.example", "Mary Jo Smith"),
        ("office@lender.example", "Office"),
        ("@lender.example", ""),
        ("", ""),
    ],
)
def test_a_name_is_derived_from_an_email_address(address: str, name: str) -> None:
    assert names.from_email(address) == name
