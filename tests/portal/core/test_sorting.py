"""The order of a list."""

import pytest
from django.http import QueryDict

from portal.core import sorting

COLUMNS = {"name": "organization__name", "since": "created_at"}


@pytest.mark.parametrize(
    ("asked", "order_by"),
    [
        ("sort=name", ("organization__name", "pk")),
        ("sort=-name", ("-organization__name", "-pk")),
        ("", ("-created_at", "-pk")),
        ("sort=password", ("-created_at", "-pk")),
        ("sort=--name", ("-created_at", "-pk")),
    ],
)
def test_a_list_is_sorted_by_a_column_it_offers_or_as_usual(asked: str, order_by: tuple[str, ...]) -> None:
    assert sorting.read(QueryDict(asked), COLUMNS, default="-since").order_by == order_by


def test_an_order_reads_as_the_address_says_it() -> None:
    assert str(sorting.read(QueryDict("sort=-name"), COLUMNS, default="since")) == "-name"
