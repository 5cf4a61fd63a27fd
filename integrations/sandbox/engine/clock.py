"""The sandbox's clock: the machine's clock plus an offset."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time

from .storage.database import get_meta, set_meta

_OFFSET = "clock_offset"


class Clock:
    """The time of the sandbox. `offset` is in seconds."""

    def __init__(self) -> None:
        self.offset = 0.0

    def load(self, connection: sqlite3.Connection) -> None:
        """Read the offset from the file."""
        self.offset = float(get_meta(connection, _OFFSET, 0.0))

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time() + self.offset

    def iso(self) -> str:
        """Return the time in ISO 8601, UTC."""
        return dt.datetime.fromtimestamp(self.now(), dt.UTC).isoformat()

    def advance(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Move the clock forward, or back by a negative number of seconds, and store the offset."""
        self.offset += seconds
        set_meta(connection, _OFFSET, self.offset)
