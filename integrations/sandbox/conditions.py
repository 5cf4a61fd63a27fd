"""Which records of a large resource pass a condition on their own attributes: asked of the file once, remembered, and
kept right as records change.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from .bits import Bits
from .declaration import Filter, Resource, Test
from .filters import Selection
from .vocabulary import Vocabulary

_REMEMBERED = 64
_MOST_VALUES = 5000
_WORD = 56  # bits that SQLite adds up in one whole number


@dataclass
class _Passing:
    organization: int
    condition: str
    parameters: tuple[Any, ...]
    bits: Bits


class Conditions:
    """The conditions that were asked about lately, and what their texts consist of."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._known: dict[tuple[Any, ...], _Passing] = {}
        self._words: dict[str, Vocabulary] = {}

    def forget(self) -> None:
        """Forget what was asked."""
        self._known.clear()

    def load(self, connection: sqlite3.Connection) -> None:
        """Forget everything, and read the values that fragments are sought in."""
        self.forget()
        for name in self._columns():
            rows = connection.execute(f"SELECT DISTINCT a_{name} FROM {self._resource.table}")
            self._words[name] = Vocabulary(row[0] for row in rows)

    def _columns(self) -> list[str]:
        return [found.on for found in self._resource.filters if found.test is Test.CONTAINS]

    def take_over(self, connection: sqlite3.Connection, id: int) -> None:
        """A record has changed, has come or has gone."""
        table, number = self._resource.table, id - self._resource.first_id
        names = self._columns()
        if names:
            columns = ", ".join(f"a_{name}" for name in names)
            row = connection.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (id,)).fetchone()
            for name, value in zip(names, row or (), strict=False):
                self._words[name].add(value)
        for known in self._known.values():
            query = f"SELECT 1 FROM {table} WHERE id = ? AND organization = ? AND {known.condition}"
            if connection.execute(query, (id, known.organization, *known.parameters)).fetchone():
                known.bits.add(number)
            else:
                known.bits.discard(number)

    def passing(
        self, connection: sqlite3.Connection, organization: int, found: Filter, piece: Selection
    ) -> int:
        """The records of an organization for which a filter's condition is true, as bits."""
        condition = " AND ".join(piece.conditions)
        key = (organization, condition, *piece.parameters)
        known = self._known.pop(key, None)
        if known is None:
            bits = self._ask(connection, organization, found, piece, condition)
            known = _Passing(organization, condition, tuple(piece.parameters), bits)
        if found.test not in (Test.EQUALS, Test.CONTAINS, Test.FROM, Test.UNTIL):
            return known.bits.number  # it may hang on other records, whose changes nobody notes
        self._known[key] = known
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return known.bits.number

    def _ask(
        self,
        connection: sqlite3.Connection,
        organization: int,
        found: Filter,
        piece: Selection,
        condition: str,
    ) -> Bits:
        if found.test is Test.EQUALS:
            return self._added_up(connection, organization, condition, piece.parameters)
        if found.test is Test.CONTAINS:
            fragment = re.sub(r"\\(.)", r"\1", str(piece.parameters[0])[1:-1])
            texts = self._words[found.on].containing(fragment, _MOST_VALUES)
            if texts is not None:
                marks = ",".join("?" * len(texts))
                return self._listed(connection, organization, f"a_{found.on} IN ({marks})", texts)
        return self._listed(connection, organization, condition, piece.parameters)

    def _listed(
        self, connection: sqlite3.Connection, organization: int, condition: str, parameters: list[Any]
    ) -> Bits:
        """One number after the other: the cheapest for few, or in any order."""
        first = self._resource.first_id
        query = f"SELECT id - {first} FROM {self._resource.table} WHERE organization = ? AND {condition}"
        numbers = [row[0] for row in connection.execute(query, (organization, *parameters)).fetchall()]
        return Bits(numbers, size=max(numbers, default=0) + 1)

    def _added_up(
        self, connection: sqlite3.Connection, organization: int, condition: str, parameters: list[Any]
    ) -> Bits:
        """56 numbers in one: the cheapest where an index has them in their order."""
        number = f"(id - {self._resource.first_id})"
        query = (
            f"SELECT {number} / {_WORD}, sum(1 << {number} % {_WORD}) FROM {self._resource.table}"
            f" WHERE organization = ? AND {condition} GROUP BY 1"
        )
        words = connection.execute(query, (organization, *parameters)).fetchall()
        return Bits.of_words(words, _WORD // 8)
