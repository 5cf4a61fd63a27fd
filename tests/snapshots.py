"""What tests begin with, built once: later calls put the rows back instead of building them again.

    connection = snapshots.once("connected", connect)

The rows that ``connect`` writes are kept. When it is asked for again in the same state of the database, these rows are
written as they are, in a few milliseconds, and a copy of what ``connect`` returned is returned. In any other state it is
just called, and so it is outside a test's transaction and in tests that patch something.
"""

import itertools
import pickle
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from django.db import connection

if TYPE_CHECKING:
    from tests.world import Sandbox

T = TypeVar("T")
#: Seconds for which rows are put back. Their times are those of when they were built.
FRESH = 60
#: Of no model, but it holds rate limits.
CACHE_TABLE = "portal_cache"


@dataclass
class _Built:
    """What one call wrote and returned."""

    key: Hashable
    made_at: float
    statements: list[str]
    #: The sandbox's content, if it changed.
    sandbox: bytes | None
    returned: bytes


@dataclass
class _State:
    """What this test's database and sandbox held after the last call, and how to see that they still do."""

    number: Hashable = ()
    database: object = None
    savepoints: tuple[str, ...] = ()
    changes: int = 0
    sandbox: object = None
    sandbox_changes: int = 0
    may_put_back: bool = True

    def is_unchanged(self, sandbox: "Sandbox | None") -> bool:
        return (
            self.database is connection.connection
            and tuple(connection.savepoint_ids[: len(self.savepoints)]) == self.savepoints
            and self.changes == _changes()
            and (
                self.sandbox is None
                or (self.sandbox is sandbox and self.sandbox_changes == sandbox.changes())
            )
        )


_built: dict[Hashable, _Built] = {}
_numbers = itertools.count()
_last = _State()


def once(name: Hashable, make: Callable[[], T], *, sandbox: "Sandbox | None" = None) -> T:
    """Return what ``make`` returns, with the rows that it writes into the database and into ``sandbox``.

    ``name`` must tell apart calls that do different things in the same state.
    """
    if not connection.in_atomic_block or not _last.may_put_back:
        return make()
    state = _find_state(sandbox)
    if state is None:
        return make()
    place = (state, name, sandbox and sandbox.name)
    built = _built.get(place)
    if built is not None and time.monotonic() - built.made_at < FRESH:
        _put_back(built, sandbox)
        returned: T = pickle.loads(built.returned)
    else:
        before, sandbox_before = _read_rows(), sandbox.changes() if sandbox else 0
        returned = make()
        built = _Built(
            key=next(_numbers),
            made_at=time.monotonic(),
            statements=_find_statements(before, _read_rows()),
            sandbox=sandbox.content() if sandbox and sandbox.changes() != sandbox_before else None,
            returned=pickle.dumps(returned),
        )
        for old in [key for key, each in _built.items() if built.made_at - each.made_at > FRESH]:
            del _built[old]
        _built[place] = built
    _remember(built, sandbox)
    return returned


def start_test(*, may_put_back: bool) -> None:
    """Forget the database's state, because another test begins. Without ``may_put_back``, it builds everything itself."""
    _last.database, _last.may_put_back = None, may_put_back


def _find_state(sandbox: "Sandbox | None") -> Hashable | None:
    """Return the number of the present state: () for a new test, and None where something else was written."""
    if _last.database is connection.connection and _last.is_unchanged(sandbox):
        return (_last.number,)
    if _count_rows() == _rows_at_start and (sandbox is None or sandbox.is_new()):
        return ()
    return None


def _remember(built: _Built, sandbox: "Sandbox | None") -> None:
    _last.number, _last.database = built.key, connection.connection
    _last.savepoints, _last.changes = tuple(connection.savepoint_ids), _changes()
    _last.sandbox, _last.sandbox_changes = sandbox, sandbox.changes() if sandbox else 0


_rows_at_start: list[tuple[str, ...]] = []


def remember_start() -> None:
    """Take the present state of the database for the one in which every test starts."""
    _rows_at_start[:] = _count_rows()


def _count_rows() -> list[tuple[str, ...]]:
    connection.ensure_connection()
    return _run("SELECT " + ", ".join(f'(SELECT COUNT(*) FROM "{table}")' for table in _columns()))


def _changes() -> int:
    """Return how many rows this connection has written, also in what was rolled back."""
    if connection.vendor == "sqlite":
        changes: int = connection.connection.total_changes
        return changes
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(SUM(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
        )
        return int(cursor.fetchone()[0])


def _run(statement: str) -> list[tuple[str, ...]]:
    """Run SQL as it is: a percent sign in a value is no placeholder."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []
    finally:
        cursor.close()


def _read_rows() -> dict[str, list[str]]:
    """Return every table's rows as lists of SQL literals."""
    literal = "quote({})" if connection.vendor == "sqlite" else "quote_nullable({}::text)"
    rows = {}
    for table, columns in _columns().items():
        values = " || ',' || ".join(literal.format(f'"{column}"') for column in columns)
        rows[table] = [row for (row,) in _run(f'SELECT {values} FROM "{table}"')]
    return rows


_known_columns: dict[str, list[str]] = {}


def _columns() -> dict[str, list[str]]:
    if not _known_columns:
        with connection.cursor() as cursor:
            for table in [*connection.introspection.django_table_names(only_existing=True), CACHE_TABLE]:
                found = connection.introspection.get_table_description(cursor, table)
                _known_columns[table] = [column.name for column in found]
    return _known_columns


def _find_statements(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """Return the SQL that leads from some rows to others."""
    statements = []
    for table, rows in after.items():
        if rows == before[table]:
            continue
        known = set(before[table])
        if known <= set(rows):
            rows = [row for row in rows if row not in known]
        else:
            statements.append(f'DELETE FROM "{table}"')
        names = ", ".join(f'"{column}"' for column in _columns()[table])
        if rows:
            values = ", ".join(f"({row})" for row in rows)
            statements.append(f'INSERT INTO "{table}" ({names}) VALUES {values}')
            statements += _advance_sequence(table)
    return statements


def _advance_sequence(table: str) -> list[str]:
    """Return SQL after which PostgreSQL gives new rows of a table numbers that are free."""
    if connection.vendor != "postgresql" or "id" not in _columns()[table]:
        return []
    [(sequence,)] = _run(f"SELECT pg_get_serial_sequence('{table}', 'id')")
    return [f"SELECT setval('{sequence}', (SELECT MAX(id) FROM \"{table}\"))"] if sequence else []


def _put_back(built: _Built, sandbox: "Sandbox | None") -> None:
    if connection.vendor == "sqlite":
        for statement in built.statements:
            _run(statement)
    elif built.statements:
        _run("; ".join(built.statements))
    if sandbox and built.sandbox is not None:
        sandbox.open(built.sandbox)
