"""Which records of a large resource pass a condition on their own attributes: asked of the file once, remembered, and
kept right as records change. What very many records share is asked in advance.
"""

from __future__ import annotations

import itertools
import re
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..schema.resource import Filter, Resource, Test
from .bitset import Bits
from .distinct_values import Vocabulary
from .filters import Selection
from .text_column import Texts

_REMEMBERED = 64
_MOST_VALUES = 5000
_MANY = 10_000
_MANY_DIFFERENT = 50_000


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
        self._shared: dict[tuple[Any, ...], _Passing] = {}
        self._words: dict[str, Vocabulary] = {}
        self._texts: dict[str, Texts] = {}

    def forget(self) -> None:
        """Forget what was asked lately."""
        self._known.clear()

    def load(self, connection: sqlite3.Connection) -> None:
        """Forget everything, and read the values that fragments are sought in."""
        self.forget()
        self._texts.clear()
        for name in self._columns():
            rows = connection.execute(f"SELECT DISTINCT a_{name} FROM {self._resource.table}")
            self._words[name] = Vocabulary(row[0] for row in rows)
            if len(self._words[name]) > _MANY_DIFFERENT:
                self._texts[name] = self._read_texts(connection, name)
        self._shared.clear()
        for found in self._resource.filters:
            field = self._resource.field(found.on)
            if found.test is Test.EQUALS and field is not None and field.indexed:
                self._ask_for_shared(connection, f"a_{found.on}")

    def _read_texts(self, connection: sqlite3.Connection, name: str) -> Texts:
        first = self._resource.first_id
        return Texts(connection.execute(f"SELECT id - {first}, a_{name} FROM {self._resource.table}"))

    def _ask_for_shared(self, connection: sqlite3.Connection, column: str) -> None:
        rows = connection.execute(
            f"SELECT organization, {column} FROM {self._resource.table} WHERE {column} IS NOT NULL"
            f" GROUP BY 1, 2 HAVING count(*) > {_MANY}"
        )
        condition = f"{column} = ?"
        for organization, value in rows.fetchall():
            bits = self._ask(connection, organization, condition, [value])
            self._shared[_key(organization, condition, [value])] = _Passing(
                organization, condition, (value,), bits
            )

    def _columns(self) -> list[str]:
        return [found.on for found in self._resource.filters if found.test is Test.CONTAINS]

    def take_over(self, connection: sqlite3.Connection, id: int) -> None:
        """A record has changed, has come or has gone."""
        table, number = self._resource.table, id - self._resource.first_id
        names = self._columns()
        if names:
            columns = ", ".join(f"a_{name}" for name in names)
            row = connection.execute(f"SELECT {columns} FROM {table} WHERE id = ?", (id,)).fetchone()
            for name, value in zip(names, row or itertools.repeat(None), strict=False):
                self._words[name].add(value)
                if name in self._texts:
                    self._texts[name].put(number, value)
        for known in (*self._known.values(), *self._shared.values()):
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
        key = _key(organization, condition, piece.parameters)
        if key in self._shared:
            return self._shared[key].bits.number
        known = self._known.pop(key, None)
        if known is None:
            bits = self._sought(connection, organization, found, piece) or self._ask(
                connection, organization, condition, piece.parameters
            )
            known = _Passing(organization, condition, tuple(piece.parameters), bits)
        if found.test not in (Test.EQUALS, Test.CONTAINS, Test.FROM, Test.UNTIL):
            return known.bits.number  # it may hang on other records, whose changes nobody notes
        self._known[key] = known
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return known.bits.number

    def _sought(
        self, connection: sqlite3.Connection, organization: int, found: Filter, piece: Selection
    ) -> Bits | None:
        """The records whose text contains a fragment; None where only the file can tell."""
        if found.test is not Test.CONTAINS:
            return None
        fragment = re.sub(r"\\(.)", r"\1", str(piece.parameters[0])[1:-1])
        texts = self._words[found.on].containing(fragment, _MOST_VALUES)
        if texts is None:
            return self._texts[found.on].containing(fragment) if found.on in self._texts else None
        marks = ",".join("?" * len(texts))
        return self._ask(connection, organization, f"a_{found.on} IN ({marks})", texts)

    def _ask(
        self, connection: sqlite3.Connection, organization: int, condition: str, parameters: list[Any]
    ) -> Bits:
        first = self._resource.first_id
        query = f"SELECT id - {first} FROM {self._resource.table} WHERE organization = ? AND {condition}"
        numbers = [row[0] for row in connection.execute(query, (organization, *parameters)).fetchall()]
        return Bits(numbers, size=max(numbers, default=0) + 1)


def _key(organization: int, condition: str, parameters: list[Any]) -> tuple[Any, ...]:
    folded = (value.encode().lower() if isinstance(value, str) else value for value in parameters)
    return (organization, condition, *folded)
