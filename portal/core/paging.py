"""Pages of a list: one shape for numbered pages and for pages by key, drawn by ``{% pager page %}``.

Numbered pages read ``?page=``, pages by key ``?after=`` or ``?before=`` with ``?from=``, the position of their first
row, which a key alone doesn't tell. All read ``?size=``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import QueryDict

from portal.core.parameters import read_id

#: Rows on a page that a person can choose from, and what they get when they don't.
SIZES = (25, 50, 100)
SIZE = 50
#: What an address says about the place in a list. Another order or filter starts at the first page.
POSITION = frozenset({"page", "after", "before", "from"})

Row = TypeVar("Row")
Record = TypeVar("Record", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list.

    ``start`` is the position of its first row, from 1. ``total`` is how many rows the list has, at least so many where
    ``is_capped``; None where nobody counts them. ``previous`` and ``next`` are the query parameters that lead to the
    pages beside it, empty where there is none.
    """

    rows: list[Row]
    size: int = SIZE
    start: int = 1
    total: int | None = None
    is_capped: bool = False
    previous: Mapping[str, str] = field(default_factory=dict)
    next: Mapping[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def end(self) -> int:
        """Return the position of the last row."""
        return self.start + len(self.rows) - 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """Return the page sizes that make a difference for this list."""
        return SIZES if self.total is None or self.is_capped or self.total > SIZES[0] else ()


def size_of(query: QueryDict, default: int = SIZE) -> int:
    """Return how many rows a page of this address has."""
    given = query.get("size", "")
    return next((size for size in SIZES if str(size) == given), default)


def start_of(query: QueryDict) -> int:
    """Return the position of the first row on a page by key, as its address says it."""
    given = query.get("from", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 10 else 1


def numbered(rows: "Sequence[Row] | QuerySet[Any, Row]", query: QueryDict, *, size: int = SIZE) -> Page[Row]:
    """Return the page of ``?page=``, or the one nearest to it. ``rows`` are in order; they are counted."""
    size = size_of(query, size)
    found = Paginator(rows, size).get_page(query.get("page"))
    return Page(
        rows=list(found.object_list),
        size=size,
        start=max(1, found.start_index()),
        total=found.paginator.count,
        previous={"page": str(found.previous_page_number())} if found.has_previous() else {},
        next={"page": str(found.next_page_number())} if found.has_next() else {},
    )


def newest_first(
    rows: "QuerySet[Record]",
    query: QueryDict,
    *,
    size: int = SIZE,
    total: int | None = None,
    is_capped: bool = False,
) -> Page[Record]:
    """Return a page of rows by descending primary key: the last page is as fast as the first.

    ``?before=`` is the id after which older rows follow, ``?after=`` the id of the row that newer ones precede.
    """
    size = size_of(query, size)
    before, after = read_id(query.get("before", "")), read_id(query.get("after", ""))
    newer: list[Record] = []
    if after is not None and before is None:
        newer = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
    if len(newer) >= size:
        found, is_first, is_last = newer[:size][::-1], len(newer) <= size, False
    else:
        older = rows.filter(pk__lt=before) if before is not None else rows
        listed = list(older.order_by("-pk")[: size + 1])
        found, is_first, is_last = listed[:size], before is None, len(listed) <= size
    start = 1 if is_first else start_of(query)
    return Page(
        rows=found,
        size=size,
        start=start,
        total=total,
        is_capped=is_capped,
        previous={"after": str(found[0].pk), "from": str(max(1, start - size))}
        if found and not is_first
        else {},
        next={"before": str(found[-1].pk), "from": str(start + len(found))} if found and not is_last else {},
    )
