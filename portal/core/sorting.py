"""The order of a list, read from ``?sort=``: a column's key, with a minus when it descends."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.http import QueryDict


@dataclass(frozen=True)
class Sort:
    """One order of a list. ``order_by`` is what a queryset takes; ``str()`` is what ``?sort=`` says."""

    key: str
    is_descending: bool
    order_by: tuple[str, ...]

    def __str__(self) -> str:
        return f"-{self.key}" if self.is_descending else self.key


def read(query: QueryDict, columns: Mapping[str, str], *, default: str) -> Sort:
    """Return the order that an address asks for, or ``default`` where it asks for none that exists.

    ``columns`` maps keys to fields, which may be lookups such as ``organization__name``. Rows that are equal follow
    each other by primary key, so that pages neither repeat nor miss one.
    """
    given = query.get("sort", "")
    if given.removeprefix("-") not in columns:
        given = default
    key, is_descending = given.removeprefix("-"), given.startswith("-")
    sign = "-" if is_descending else ""
    return Sort(key, is_descending, (f"{sign}{columns[key]}", f"{sign}pk"))
