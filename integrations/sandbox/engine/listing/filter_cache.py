"""A cache of which records match a filter.

Each condition is queried once, cached, and updated as records change. Values that very many records share are queried
in advance.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..schema.resource import Filter, Lookup, Resource
from .bitset import BitSet
from .distinct_values import DistinctValues
from .filters import Selection
from .text_column import TextColumn

_MAX_CACHED = 64
_MAX_VALUES = 5000
_COMMON = 10_000  # records that share a value
_MANY_VALUES = 50_000  # distinct values of a column


@dataclass
class _Entry:
    organization: int
    condition: str
    parameters: tuple[Any, ...]
    bits: BitSet


class FilterCache:
    """The cached conditions of one resource, and its text columns."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._cached: dict[tuple[Any, ...], _Entry] = {}
        self._common: dict[tuple[Any, ...], _Entry] = {}
        self._distinct_values: dict[str, DistinctValues] = {}
        self._text_columns: dict[str, TextColumn] = {}

    def clear(self) -> None:
        """Drop the cached conditions."""
        self._cached.clear()

    def load(self, connection: sqlite3.Connection) -> None:
        """Drop everything and read the text columns again."""
        self.clear()
        self._text_columns.clear()
        for name in self._columns():
            rows = connection.execute(f"SELECT DISTINCT a_{name} FROM {self._resource.table}")
            self._distinct_values[name] = DistinctValues(row[0] for row in rows)
            if len(self._distinct_values[name]) > _MANY_VALUES:
                self._text_columns[name] = self._load_text_column(connection, name)
        self._common.clear()
        for filter_ in self._resource.filters:
            field = self._resource.field(filter_.on)
            if filter_.lookup is Lookup.EXACT and field is not None and field.indexed:
                self._cache_common_values(connection, f"a_{filter_.on}")

    def _load_text_column(self, connection: sqlite3.Connection, name: str) -> TextColumn:
        first = self._resource.first_id
        return TextColumn(connection.execute(f"SELECT id - {first}, a_{name} FROM {self._resource.table}"))

    def _cache_common_values(self, connection: sqlite3.Connection, column: str) -> None:
        rows = connection.execute(
            f"SELECT organization, {column} FROM {self._resource.table} WHERE {column} IS NOT NULL"
            f" GROUP BY 1, 2 HAVING count(*) > {_COMMON}"
        )
        condition = f"{column} = ?"
        for organization, value in rows.fetchall():
            bits = self._query(connection, organization, condition, [value])
            self._common[_key(organization, condition, [value])] = _Entry(
                organization, condition, (value,), bits
            )

    def _columns(self) -> list[str]:
        return [filter_.on for filter_ in self._resource.filters if filter_.lookup is Lookup.CONTAINS]

    def update(self, connection: sqlite3.Connection, id: int) -> None:
        """Update all conditions for a record that was created, changed or deleted."""
        table, number = self._resource.table, id - self._resource.first_id
        names = self._columns()
        if names:
            columns = ", ".join(f"a_{name}" for name in names)
            row = connection.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (id,)).fetchone()
            for name, value in zip(names, row or itertools.repeat(None), strict=False):
                self._distinct_values[name].add(value)
                if name in self._text_columns:
                    self._text_columns[name].put(number, value)
        for entry in (*self._cached.values(), *self._common.values()):
            query = f"SELECT 1 FROM {table} WHERE id = ? AND organization = ? AND {entry.condition}"
            if connection.execute(query, (id, entry.organization, *entry.parameters)).fetchone():
                entry.bits.add(number)
            else:
                entry.bits.discard(number)

    def matching(
        self, connection: sqlite3.Connection, organization: int, filter_: Filter, part: Selection
    ) -> int:
        """Return the records of an organization that match a filter, as a bit set."""
        condition = " AND ".join(part.conditions)
        key = _key(organization, condition, part.parameters)
        if key in self._common:
            return self._common[key].bits.as_int
        entry = self._cached.pop(key, None)
        if entry is None:
            bits = self._search(connection, organization, filter_, part) or self._query(
                connection, organization, condition, part.parameters
            )
            entry = _Entry(organization, condition, tuple(part.parameters), bits)
        if filter_.lookup not in (Lookup.EXACT, Lookup.CONTAINS, Lookup.GTE, Lookup.LTE):
            return entry.bits.as_int  # may depend on other records, whose changes are not tracked
        self._cached[key] = entry
        if len(self._cached) > _MAX_CACHED:
            del self._cached[next(iter(self._cached))]
        return entry.bits.as_int

    def _search(
        self, connection: sqlite3.Connection, organization: int, filter_: Filter, part: Selection
    ) -> BitSet | None:
        """Return the records whose text contains a fragment, or None if only a query can tell."""
        if filter_.lookup is not Lookup.CONTAINS:
            return None
        fragment = re.sub(r"\\(.)", r"\1", str(part.parameters[0])[1:-1])
        texts = self._distinct_values[filter_.on].containing(fragment, _MAX_VALUES)
        if texts is None:
            return (
                self._text_columns[filter_.on].containing(fragment)
                if filter_.on in self._text_columns
                else None
            )
        marks = ",".join("?" * len(texts))
        return self._query(connection, organization, f"a_{filter_.on} IN ({marks})", texts)

    def _query(
        self, connection: sqlite3.Connection, organization: int, condition: str, parameters: list[Any]
    ) -> BitSet:
        first = self._resource.first_id
        query = f"SELECT id - {first} FROM {self._resource.table} WHERE organization = ? AND {condition}"
        numbers = [row[0] for row in connection.execute(query, (organization, *parameters)).fetchall()]
        return BitSet(numbers, size=max(numbers, default=0) + 1)


def _key(organization: int, condition: str, parameters: list[Any]) -> tuple[Any, ...]:
    folded = (value.encode().lower() if isinstance(value, str) else value for value in parameters)
    return (organization, condition, *folded)
