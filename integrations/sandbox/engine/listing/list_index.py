"""What lists of a large resource are made from, held in memory: who owns each record, what it is linked to, whether
it is archived and when it changed; so that any page of any list costs about the same.

It is read from the file when a world is opened. Triggers note in the file which records changed since, and every
list first takes those over: nothing is said twice, and nothing that was rolled back is seen.
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
from ..schema.resource import Filter, Resource, Test
from ..storage import change_log
from . import bitset
from .bitset import Bits
from .filter_cache import Conditions
from .filters import Selection
from .time_index import Chronology

_ABSENT = -1
_MOST_CHANGED = 5000  # from here on, reading everything anew takes no longer
_SECONDS = "max(0, CAST(strftime('%s', updated) AS INTEGER))"


class Catalogue:
    """All records of one resource, by the differences of their ids from the first one."""

    def __init__(self, resource: Resource) -> None:
        self.resource = resource
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self._world = self._seen = 0
        self._organization_of, self._owner_of, self._seconds_of = array("q"), array("q"), array("q")
        self._organizations: dict[int, Bits] = defaultdict(Bits)
        self._owners: dict[int, Bits] = defaultdict(Bits)
        self._archived = Bits()
        links = change_log.filtered_links(self.resource)
        self._links: dict[str, dict[int, Bits]] = {link.name: defaultdict(Bits) for link in links}
        self._order = Chronology()
        self._conditions = Conditions(self.resource)

    def load(self, connection: sqlite3.Connection) -> None:
        """Read everything anew."""
        with self._lock:
            self._load(connection)

    def _load(self, connection: sqlite3.Connection) -> None:
        self._clear()
        table, first = self.resource.table, self.resource.first_id
        self._world = _world(connection)
        self._seen = change_log.latest(connection, self.resource)
        (last,) = connection.execute(f"SELECT coalesce(max(id), {first}) FROM {table}").fetchone()
        size = last - first + 1
        self._make_room(size)
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
        self._archived = Bits((row[0] for row in archived), size=size)
        for name, held in self._links.items():
            linked: dict[int, list[int]] = defaultdict(list)
            for target, number in connection.execute(f"SELECT target, record - {first} FROM {table}__{name}"):
                linked[target].append(number)
            held.update(_sets(linked, size))
        self._conditions.load(connection)
        self._order = Chronology(
            (seconds, number) for number, seconds in enumerate(self._seconds_of) if seconds != _ABSENT
        )

    def _make_room(self, size: int) -> None:
        more = size - len(self._seconds_of)
        if more > 0:
            for of, value in ((self._organization_of, 0), (self._owner_of, 0), (self._seconds_of, _ABSENT)):
                of.extend([value] * more)

    def catch_up(self, connection: sqlite3.Connection) -> None:
        """Take over what has changed in the file."""
        with self._lock:
            self._catch_up(connection)

    def _catch_up(self, connection: sqlite3.Connection) -> None:
        latest = change_log.latest(connection, self.resource)
        # A reader may still see the world that a reset or a snapshot has just put another one in the place of.
        if latest <= self._seen or _world(connection) != self._world:
            return
        changed = change_log.since(connection, self.resource, self._seen)
        if latest - self._seen >= change_log.KEPT or len(changed) > _MOST_CHANGED:
            self._load(connection)
            return
        for id in changed:
            self._forget(id - self.resource.first_id)
            query = (
                f"SELECT organization, coalesce(owner, 0), {_SECONDS}, archived FROM {self.resource.table}"
                " WHERE id = ?"
            )
            row = connection.execute(query, (id,)).fetchone()
            if row is not None:
                self._enter(connection, id, row)
            self._conditions.take_over(connection, id)
        self._seen = latest

    def _forget(self, number: int) -> None:
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

    def _enter(self, connection: sqlite3.Connection, id: int, row: tuple[int, int, int, int]) -> None:
        number = id - self.resource.first_id
        organization, owner, seconds, archived = row
        self._make_room(number + 1)
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

    def forget_conditions(self) -> None:
        """Forget what was asked about lately; what it costs to be asked anew can so be measured."""
        with self._lock:
            self._conditions.forget()

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
        """How many records of an organization (of one owner, unless that is None) a selection holds, and the ids
        of some of them by id or by `updated`.
        """
        with self._lock:
            self._catch_up(connection)
            chosen = self._organizations[organization].number
            if owner is not None:
                chosen &= self._owners[owner].number
            for found, piece in selection.parts:
                chosen &= self._chosen(connection, organization, found, piece)
            total = chosen.bit_count()
            name, descends = order
            if name == "updated":
                numbers = self._order.slice_of(chosen, skip, take, descends=descends)
            elif descends:
                count = max(0, min(take, total - skip))
                numbers = bitset.slice_of(chosen, max(0, total - skip - take), count)[::-1]
            else:
                numbers = bitset.slice_of(chosen, skip, take)
        return total, [number + self.resource.first_id for number in numbers]

    def _chosen(
        self, connection: sqlite3.Connection, organization: int, found: Filter, piece: Selection
    ) -> int:
        """The records that pass one filter."""
        if found.test is Test.OWNER:
            return self._any(connection, self._owners, "users", found, piece)
        if found.test is Test.MEMBER and found.on in self._links:
            target = next(
                link.target for link in change_log.filtered_links(self.resource) if link.name == found.on
            )
            return self._any(connection, self._links[found.on], RESOURCES[target].table, found, piece)
        if found.test is Test.ARCHIVED:
            archived = self._archived.number
            everyone = self._organizations[organization].number
            return archived if piece.parameters[0] else everyone & ~archived
        if found.on == "updated" and found.test in (Test.FROM, Test.UNTIL):
            seconds = _seconds(piece.parameters[0])
            span = (seconds, _seconds("9999-12-31 23:59:59")) if found.test is Test.FROM else (0, seconds)
            return self._order.between(*span)
        return self._conditions.passing(connection, organization, found, piece)

    def _any(
        self, connection: sqlite3.Connection, held: Any, table: str, found: Filter, piece: Selection
    ) -> int:
        """The records that belong or are linked to any of the targets that a filter names."""
        column = "id" if found.by == "id" else f"a_{found.by}"
        query = f"SELECT id FROM {table} WHERE organization = ? AND {column} = ?"
        chosen = 0
        for (target,) in connection.execute(query, piece.parameters):
            if target in held:
                chosen |= held[target].number
        return chosen


def _seconds(stamp: str) -> int:
    moment = dt.datetime.strptime(stamp, values.MOMENT).replace(tzinfo=dt.UTC)
    return max(0, int(moment.timestamp()))


def _sets(numbers: dict[int, list[int]], size: int) -> dict[int, Bits]:
    return {key: Bits(found, size=size) for key, found in numbers.items()}


def _world(connection: sqlite3.Connection) -> int:
    """A number that changes when everything in the file is replaced."""
    return int(connection.execute("PRAGMA schema_version").fetchone()[0])
