"""The SQLite file: a pool of connections, with snapshot reads and immediate write transactions.

Commits are not synced to disk: data survives the death of the process, not of the machine.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

MEMORY = ":memory:"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE organizations (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL UNIQUE,
    client_secret TEXT NOT NULL,    required_groups TEXT NOT NULL, campaigns TEXT NOT NULL);
CREATE TABLE logins (
    "user" INTEGER PRIMARY KEY, organization INTEGER NOT NULL, password TEXT NOT NULL,
    admin INTEGER NOT NULL);
CREATE TABLE tokens (
    token TEXT PRIMARY KEY, kind TEXT NOT NULL, client_id TEXT NOT NULL, organization INTEGER NOT NULL,
    "user" INTEGER, scope TEXT NOT NULL, expires REAL NOT NULL, redirect_uri TEXT, code_challenge TEXT,
    used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE sessions (
    session TEXT PRIMARY KEY, "user" INTEGER, csrf TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, status INTEGER NOT NULL, client_id TEXT, address TEXT NOT NULL,
    counted INTEGER NOT NULL, token INTEGER NOT NULL);
CREATE INDEX requests_window ON requests (address, counted, at);
CREATE INDEX requests_token_window ON requests (address, at) WHERE token = 1 AND counted = 1;
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, organization INTEGER NOT NULL,
    contact INTEGER NOT NULL,     recipient TEXT NOT NULL, campaign TEXT NOT NULL, subject TEXT NOT NULL);
CREATE TABLE deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, due REAL NOT NULL, organization INTEGER NOT NULL,
    subscription INTEGER NOT NULL, url TEXT NOT NULL, item TEXT NOT NULL, action TEXT NOT NULL, record NOT NULL,
    hash TEXT NOT NULL, secret TEXT, status TEXT NOT NULL DEFAULT 'pending', attempts INTEGER NOT NULL DEFAULT 0,
    answered INTEGER, error TEXT, last REAL);
CREATE INDEX deliveries_pending ON deliveries (seq) WHERE status = 'pending';
CREATE TABLE sequences (resource TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;
"""


class Database:
    """Connections to one SQLite file, or to memory.

    In memory there is one connection, which is locked while in use. It can start with the content of a file.
    """

    def __init__(self, path: str, content: bytes | None = None) -> None:
        self.path = path
        self._content = content
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=60, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        if self.path != MEMORY:
            require_sandbox_file(connection)
            connection.execute("PRAGMA journal_mode = WAL")
        elif self._content is not None:
            connection.deserialize(self._content)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16000")
        return connection

    @contextmanager
    def _borrow(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._idle.append(connection)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Return a connection that sees one consistent state until the block ends."""
        if self.path == MEMORY:
            with self._lock, self._borrow() as connection:
                yield connection
            return
        with self._borrow() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("COMMIT")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Return a connection in a transaction that commits when the block ends and rolls back when it raises."""
        with self._lock, self._borrow() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Keep all other threads from writing until the block ends."""
        with self._lock:
            yield

    @contextmanager
    def raw_connection(self) -> Iterator[sqlite3.Connection]:
        """Return a connection outside any transaction, for backups, while no other thread writes."""
        with self._lock, self._borrow() as connection:
            yield connection

    def close(self) -> None:
        """Close all idle connections."""
        while self._idle:
            self._idle.pop().close()

    def __del__(self) -> None:
        """Close all idle connections when the database is no longer used."""
        self.close()


def require_sandbox_file(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.DatabaseError` if the file is not a sandbox's: a reset would delete its tables."""
    if is_seeded(connection):
        return
    if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
        connection.close()
        raise sqlite3.DatabaseError("it holds something else, and a reset would delete that")


def create_schema(connection: sqlite3.Connection) -> None:
    """Create the tables that don't belong to a resource."""
    for statement in _SCHEMA.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def drop_all_tables(connection: sqlite3.Connection) -> None:
    """Drop all tables, so that the data can be created again in the same transaction."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    for (name,) in names.fetchall():
        connection.execute(f'DROP TABLE "{name}"')
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        connection.execute("DELETE FROM sqlite_sequence")


def schema(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Return the tables, indexes and triggers of a file. Files with the same schema come from the same version."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return frozenset((str(name), str(sql)) for name, sql in rows)


def is_seeded(connection: sqlite3.Connection) -> bool:
    """Return whether the file is already a sandbox's."""
    return connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is not None


def get_meta(connection: sqlite3.Connection, name: str, default: Any = None) -> Any:
    """Return a stored setting, decoded from JSON."""
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return default if row is None else json.loads(row[0])


def set_meta(connection: sqlite3.Connection, name: str, value: Any) -> None:
    """Store a setting, encoded as JSON."""
    connection.execute(
        "INSERT INTO meta (name, value) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value)),
    )
