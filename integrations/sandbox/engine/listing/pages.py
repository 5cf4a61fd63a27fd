"""Pages of lists.

Lists of a large resource by id or time of change come from its index. Other unfiltered lists by id are found with the
counts per block of ids (see `tables`). Everything else is a query, from whichever end is nearer. Counts of filtered
lists are cached until a record changes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..callers import Caller
from ..rendering import render
from ..responses import ApiResponse
from ..schema.resource import Resource
from ..storage.tables import ALL_OWNERS, BLOCK_SIZE
from . import filters
from .list_index import ListIndex

DEFAULT_SIZE, LARGEST_SIZE = 10, 100
_MAX_CACHED = 500


@dataclass(frozen=True)
class Page:
    """The requested page. Numbers start at 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many records come before the page."""
        return (self.number - 1) * self.size


def page_of(arguments: Mapping[str, str], default: int = DEFAULT_SIZE) -> Page:
    """Return the page that a query asks for.

    Invalid numbers mean page 1, invalid sizes the default size; sizes above the maximum mean the maximum.
    """
    size = _whole(arguments.get("page[size]")) or default
    return Page(max(1, _whole(arguments.get("page[number]"))), min(size, LARGEST_SIZE))


def _whole(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


class CountCache:
    """Counts of filtered lists, valid until `clear` is called."""

    def __init__(self) -> None:
        self.revision = 0
        self._known: dict[tuple[Any, ...], tuple[int, int]] = {}

    def clear(self) -> None:
        """Drop all counts, because records have changed."""
        self.revision += 1

    def get(self, key: tuple[Any, ...]) -> int | None:
        """Return a cached count, or None."""
        revision, count = self._known.get(key, (-1, 0))
        return count if revision == self.revision else None

    def put(self, key: tuple[Any, ...], revision: int, count: int) -> None:
        """Cache a count that was read at `revision` or later."""
        if len(self._known) >= _MAX_CACHED:
            self._known.clear()
        self._known[key] = (revision, count)


def list_page(
    connection: sqlite3.Connection,
    counts: CountCache,
    list_indexes: Mapping[str, ListIndex],
    revision: int,
    resource: Resource,
    caller: Caller,
    arguments: Mapping[str, str],
) -> ApiResponse:
    """Return one page of a resource.

    `revision` is the revision of `counts` before the transaction began.
    """
    page = page_of(arguments)
    selection = filters.select(resource, caller, arguments.get("filter", ""))
    order = filters.order(resource, arguments.get("sort", ""))
    list_index = list_indexes.get(resource.path)
    if list_index is not None and _is_by_time_or_id(order):
        owner = caller.user if resource.owned else None
        who = (caller.organization.id, owner)
        total, ids = list_index.page(connection, *who, selection, order[0], page.offset, page.size)
    elif not selection.conditions and order[0][0] == "id":
        total, ids = _by_blocks(connection, resource, caller, page, descends=order[0][1])
    else:
        total, ids = _by_scan(connection, counts, revision, resource, caller, page, selection, order)
    last = max(1, -(-total // page.size))
    following = str(page.number + 1) if page.number < last else "null"
    preceding = str(page.number - 1) if page.number > 1 else "null"
    items = ", ".join(render(connection, resource, caller, ids))
    links = f'{{"first": 1, "last": {last}, "next": {following}, "prev": {preceding}}}'
    return ApiResponse(200, f'{{"items": [{items}], "links": {links}}}')


def _is_by_time_or_id(order: list[tuple[str, bool]]) -> bool:
    names, directions = [name for name, _ in order], {descends for _, descends in order}
    return names in (["id"], ["updated", "id"]) and len(directions) == 1


def _scope(resource: Resource, caller: Caller) -> tuple[str, tuple[int, ...]]:
    if caller.user is not None and resource.owned:
        return "organization = ? AND owner = ?", (caller.organization.id, caller.user)
    return "organization = ?", (caller.organization.id,)


def _by_blocks(
    connection: sqlite3.Connection, resource: Resource, caller: Caller, page: Page, *, descends: bool
) -> tuple[int, list[int]]:
    condition, scope = _scope(resource, caller)
    blocks = connection.execute(
        f"SELECT block, n FROM {resource.table}__blocks WHERE organization = ? AND owner = ? ORDER BY block",
        (scope[0], scope[1] if len(scope) > 1 else ALL_OWNERS),
    ).fetchall()
    total = sum(n for _, n in blocks)
    if page.offset >= total:
        return total, []
    before, start = 0, 0
    for block, n in reversed(blocks) if descends else blocks:
        start = block
        if before + n > page.offset:
            break
        before += n
    edge = ("id < ?", (start + 1) * BLOCK_SIZE) if descends else ("id >= ?", start * BLOCK_SIZE)
    rows = connection.execute(
        f"SELECT id FROM {resource.table} WHERE {condition} AND {edge[0]}"
        f" ORDER BY id {'DESC' if descends else 'ASC'} LIMIT ? OFFSET ?",
        (*scope, edge[1], page.size, page.offset - before),
    )
    return total, [row[0] for row in rows]


def _by_scan(
    connection: sqlite3.Connection,
    counts: CountCache,
    revision: int,
    resource: Resource,
    caller: Caller,
    page: Page,
    selection: filters.Selection,
    order: list[tuple[str, bool]],
) -> tuple[int, list[int]]:
    condition, scope = _scope(resource, caller)
    where = " AND ".join([condition, *selection.conditions])
    parameters = (*scope, *selection.parameters)
    key = (resource.path, where, parameters)
    total = counts.get(key)
    if total is None:
        total = int(
            connection.execute(f"SELECT count(*) FROM {resource.table} WHERE {where}", parameters).fetchone()[
                0
            ]
        )
        counts.put(key, revision, total)
    if page.offset >= total:
        return total, []
    size = min(page.size, total - page.offset)
    backwards = page.offset > total // 2
    offset = total - page.offset - size if backwards else page.offset
    orders = ", ".join(f"{name} {'DESC' if descends != backwards else 'ASC'}" for name, descends in order)
    rows = connection.execute(
        f"SELECT id FROM {resource.table} WHERE {where} ORDER BY {orders} LIMIT ? OFFSET ?",
        (*parameters, size, offset),
    ).fetchall()
    ids = [row[0] for row in rows]
    return total, ids[::-1] if backwards else ids
