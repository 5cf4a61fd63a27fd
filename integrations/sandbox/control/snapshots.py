"""Snapshots: everything the emulator holds, saved under a name beside its file and put back later, whole or not
at all.

Of a world in memory they are kept in memory, and end with it.
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

from ..engine.responses import Refusal
from ..engine.storage.database import MEMORY, Store, schema

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_UNFINISHED = ".unfinished"


class Snapshots:
    """The snapshots of one world."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = None if store.path == MEMORY else Path(f"{store.path}.snapshots")
        self._held: dict[str, tuple[float, bytes]] = {}
        self._saving = threading.Lock()

    def entries(self) -> list[dict[str, Any]]:
        """Name, moment and size of each, by name."""
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
        """Keep everything as it is now, in the place of an earlier snapshot of the same name.

        Raises `Refusal` (422) for what cannot be a name.
        """
        checked = _checked(name)
        with self._saving, self._store.copying() as connection:
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
            # Only a whole copy ever bears the name, whenever the process dies.
            os.replace(unfinished, self._folder / f"{checked}.db")

    def load(self, name: Any) -> None:
        """Put everything back to a snapshot, in one transaction.

        Raises `Refusal`: 404 where there is none of this name, 422 where it does not fit this program.
        """
        with self._open(_checked(name)) as snapshot, self._store.copying() as connection:
            if schema(snapshot) != schema(connection):
                raise Refusal(422, f"The snapshot '{name}' was made by another version of the sandbox")
            snapshot.backup(connection)

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[sqlite3.Connection]:
        missing = Refusal(404, f"There is no snapshot '{name}'. GET /_sandbox/snapshots lists them")
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
                raise Refusal(422, f"The snapshot '{name}' cannot be read ({error})") from error


def _checked(name: Any) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Refusal(422, "A snapshot's name has up to 64 letters, digits, hyphens and underscores")
    return name
