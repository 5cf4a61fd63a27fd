"""Snapshots: all data of the sandbox, saved under a name and restored later.

They are files in a folder beside the sandbox's file. A sandbox in memory keeps its snapshots in memory.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..engine.errors import ApiError
from ..engine.storage.database import MEMORY, Database, schema

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_UNFINISHED = ".unfinished"


class Snapshots:
    """The snapshots of one sandbox."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder = None if database.path == MEMORY else Path(f"{database.path}.snapshots")
        self._held: dict[str, tuple[float, bytes]] = {}
        self._saving = threading.Lock()

    def entries(self) -> list[dict[str, Any]]:
        """Return name, time and size of each snapshot, sorted by name."""
        if self._folder is None:
            found = [(name, at, len(content)) for name, (at, content) in self._held.items()]
        else:
            paths = self._folder.glob("*.db") if self._folder.is_dir() else ()
            found = [(path.stem, path.stat().st_mtime, path.stat().st_size) for path in paths]
        return [
            {"name": name, "at": dt.datetime.fromtimestamp(at, dt.UTC).isoformat(), "bytes": size}
            for name, at, size in sorted(found)
        ]

    def save(self, name: Any) -> None:
        """Save all data as it is now, replacing a snapshot of the same name.

        Raise `ApiError` (422) for an invalid name.
        """
        checked = _checked(name)
        with self._saving, self._database.raw_connection() as connection:
            if self._folder is None:
                self._held[checked] = (dt.datetime.now(dt.UTC).timestamp(), connection.serialize())
                return
            self._folder.mkdir(exist_ok=True)
            for left in self._folder.glob(f"*{_UNFINISHED}"):
                left.unlink(missing_ok=True)
            unfinished = self._folder / f"{checked}{_UNFINISHED}"
            with contextlib.closing(sqlite3.connect(unfinished)) as copy:
                copy.execute("PRAGMA synchronous = OFF")
                connection.backup(copy)
            # Rename only a complete copy, so that a crash leaves no broken snapshot.
            os.replace(unfinished, self._folder / f"{checked}.db")

    def load(self, name: Any) -> None:
        """Restore a snapshot, in one transaction.

        Raise `ApiError`: 404 if there is no such snapshot, 422 if another version of the sandbox made it.
        """
        with self._open(_checked(name)) as snapshot, self._database.raw_connection() as connection:
            if schema(snapshot) != schema(connection):
                raise ApiError(422, f"Another version of the sandbox made the snapshot '{name}'")
            snapshot.backup(connection)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[sqlite3.Connection]:
        missing = ApiError(404, f"There is no snapshot '{name}'. GET /_sandbox/snapshots lists all snapshots")
        if self._folder is None:
            if name not in self._held:
                raise missing
            with contextlib.closing(sqlite3.connect(MEMORY)) as connection:
                connection.deserialize(self._held[name][1])
                yield connection
            return
        path = self._folder / f"{name}.db"
        if not path.is_file():
            raise missing
        with contextlib.closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)
        ) as connection:
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                raise ApiError(422, f"The snapshot '{name}' cannot be read ({error})") from error


def _checked(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ApiError(422, "A snapshot's name must be 1 to 64 letters, digits, hyphens and underscores")
    return name
