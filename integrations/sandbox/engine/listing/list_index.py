"""An in-memory index of a large resource, which makes every page of every list cost about the same.

It holds each record's organization, owner, links, archived flag and time of change. It is read from the file at the
start. Triggers log in the file which records change, and every list first reads the log, so that the index misses no
change and sees nothing that was rolled back.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from array import array
from collections import defaultdict
from typing import Any

from ..schema import values
from ..schema.registry import RESOURCES
from ..schema.resource import Filter, Lookup, Resource
from ..storage import change_log
from . import bitset
from .bitset import BitSet
from .filter_cache import FilterCache
from .filters import Selection
from .time_index import TimeIndex

_ABSENT = -1
_MAX_CHANGED = 5000  # beyond this, reloading everything is as fast
_SECONDS = "max(0, CAST(strftime('%s', updated) AS INTEGER))"


class ListIndex:
    """The index of one resource. Records are numbered by id, from the resource's first id."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._file_version = self._seen = 0
        self._organization_of, self._owner_of, self._seconds_of = array("q"), array("q"), array("q")
        self._organizations: dict[int, BitSet] = defaultdict(BitSet)
        self._owners: dict[int, BitSet] = defaultdict(BitSet)
        self._archived = BitSet()
        links = change_log.filtered_links(self.resource)
        self._links: dict[str, dict[int, BitSet]] = {link.name: defaultdict(BitSet) for link in links}
        self._order = TimeIndex()
        self._filter_cache = FilterCache(self.resource)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read everything from the file."""
        with self._lock:
            self._load(connection)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._clear()
        table, first = self.resource.table, self.resource.first_id
        self._file_version = _file_version(connection)
        self._seen = change_log.latest(connection, self.resource)
        (last,) = connection.execute(f"SELECT coalesce(max(id), {first}) FROM {table}").fetchone()
        size = last - first + 1
        self._grow(size)
        numbers: dict[str, dict[int, list[int]]] = {
            "organization": defaultdict(list),
            "owner": defaultdict(list),
        }
        for name, found in numbers.items():
            of = self._organization_of if name == "organization" else self._owner_of
            rows = connection.execute(f"SELECT id - {first}, coalesce({name}, 0) FROM {table}")
            for number, value in rows:
                of[number] = value
                found[value].append(number)
        for number, seconds in connection.execute(f"SELECT id - {first}, {_SECONDS} FROM {table}"):
            self._seconds_of[number] = seconds
        self._organizations.update(_sets(numbers["organization"], size))
        self._owners.update(_sets(numbers["owner"], size))
        archived = connection.execute(f"SELECT id - {first} FROM {table} WHERE archived = 1")
        self._archived = BitSet((row[0] for row in archived), size=size)
        for name, held in self._links.items():
            linked: dict[int, list[int]] = defaultdict(list)
            for target, number in connection.execute(f"SELECT target, record - {first} FROM {table}__{name}"):
                linked[target].append(number)
            held.update(_sets(linked, size))
        self._filter_cache.load(connection)
        self._order = TimeIndex(
            (seconds, number) for number, seconds in enumerate(self._seconds_of) if seconds != _ABSENT
        )

    def _grow(self, size: int) -> None:
        more = size - len(self._seconds_of)
        if more > 0:
            for of, value in ((self._organization_of, 0), (self._owner_of, 0), (self._seconds_of, _ABSENT)):
                of.extend([value] * more)

    def update(self, connection: sqlite3.Connection) -> None:
        """Read the changes since the last update."""
        with self._lock:
            self._update(connection)

    def _update(self, connection: sqlite3.Connection) -> None:
        latest = change_log.latest(connection, self.resource)
        # A reader may still see the data from before a reset or a restored snapshot.
        if latest <= self._seen or _file_version(connection) != self._file_version:
            return
        changed = change_log.since(connection, self.resource, self._seen)
        if latest - self._seen >= change_log.MAX_ENTRIES or len(changed) > _MAX_CHANGED:
            self._load(connection)
            return
        for id in changed:
            self._remove(id - self.resource.first_id)
            query = (
                f"SELECT organization, coalesce(owner, 0), {_SECONDS}, archived FROM {self.resource.table}"
                " WHERE id = ?"
            )
            row = connection.execute(query, (id,)).fetchone()
            if row is not None:
                self._add(connection, id, row)
            self._filter_cache.update(connection, id)
        self._seen = latest

    def _remove(self, number: int) -> None:
        if number >= len(self._seconds_of) or self._seconds_of[number] == _ABSENT:
            return
        self._organizations[self._organization_of[number]].discard(number)
        self._owners[self._owner_of[number]].discard(number)
        self._archived.discard(number)
        for held in self._links.values():
            for linked in held.values():
                linked.discard(number)
        self._order.remove(self._seconds_of[number], number)
        self._seconds_of[number] = _ABSENT

    def _add(self, connection: sqlite3.Connection, id: int, row: tuple[int, int, int, int]) -> None:
        number = id - self.resource.first_id
        organization, owner, seconds, archived = row
        self._grow(number + 1)
        self._organization_of[number], self._owner_of[number] = organization, owner
        self._seconds_of[number] = seconds
        self._organizations[organization].add(number)
        self._owners[owner].add(number)
        if archived:
            self._archived.add(number)
        for name, held in self._links.items():
            query = f"SELECT target FROM {self.resource.table}__{name} WHERE record = ?"
            for (target,) in connection.execute(query, (id,)):
                held[target].add(number)
        self._order.add(seconds, number)

    def clear_filter_cache(self) -> None:
        """Drop cached filters, to measure what an uncached one costs."""
        with self._lock:
            self._filter_cache.clear()

    def page(
        self,
        connection: sqlite3.Connection,
        organization: int,
        owner: int | None,
        selection: Selection,
        order: tuple[str, bool],
        skip: int,
        take: int,
    ) -> tuple[int, list[int]]:
        """Return how many records match, and the ids of `take` of them after the first `skip`.

        `owner` limits the list to one owner. `order` is `id` or `updated`, and whether it descends.
        """
        with self._lock:
            self._update(connection)
            chosen = self._organizations[organization].as_int
            if owner is not None:
                chosen &= self._owners[owner].as_int
            for filter_, part in selection.parts:
                chosen &= self._matching(connection, organization, filter_, part)
            total = chosen.bit_count()
            name, descends = order
            if name == "updated":
                numbers = self._order.slice_members(chosen, skip, take, descends=descends)
            elif descends:
                count = max(0, min(take, total - skip))
                numbers = bitset.slice_members(chosen, max(0, total - skip - take), count)[::-1]
            else:
                numbers = bitset.slice_members(chosen, skip, take)
        return total, [number + self.resource.first_id for number in numbers]

    def _matching(
        self, connection: sqlite3.Connection, organization: int, filter_: Filter, part: Selection
    ) -> int:
        """Return the records that match one filter."""
        if filter_.lookup is Lookup.OWNER:
            return self._related(connection, self._owners, "users", filter_, part)
        if filter_.lookup is Lookup.TO_MANY and filter_.on in self._links:
            target = next(
                link.target for link in change_log.filtered_links(self.resource) if link.name == filter_.on
            )
            return self._related(connection, self._links[filter_.on], RESOURCES[target].table, filter_, part)
        if filter_.lookup is Lookup.ARCHIVED:
            archived = self._archived.as_int
            everyone = self._organizations[organization].as_int
            return archived if part.parameters[0] else everyone & ~archived
        if filter_.on == "updated" and filter_.lookup in (Lookup.GTE, Lookup.LTE):
            seconds = _seconds(part.parameters[0])
            span = (
                (seconds, _seconds("9999-12-31 23:59:59")) if filter_.lookup is Lookup.GTE else (0, seconds)
            )
            return self._order.between(*span)
        return self._filter_cache.matching(connection, organization, filter_, part)

    def _related(
        self, connection: sqlite3.Connection, held: Any, table: str, filter_: Filter, part: Selection
    ) -> int:
        """Return the records that are related to any of the targets that a filter names."""
        column = "id" if filter_.by == "id" else f"a_{filter_.by}"
        query = f"SELECT id FROM {table} WHERE organization = ? AND {column} = ?"
        chosen = 0
        for (target,) in connection.execute(query, part.parameters):
            if target in held:
                chosen |= held[target].as_int
        return chosen


def _seconds(timestamp: str) -> int:
    moment = dt.datetime.strptime(timestamp, values.DATETIME_FORMAT).replace(tzinfo=dt.UTC)
    return max(0, int(moment.timestamp()))


def _sets(numbers: dict[int, list[int]], size: int) -> dict[int, BitSet]:
    return {key: BitSet(found, size=size) for key, found in numbers.items()}


def _file_version(connection: sqlite3.Connection) -> int:
    """Return a number that changes when all data in the file is replaced."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])
