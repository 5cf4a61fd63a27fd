"""The emulator's clock: the machine's, plus an offset that the control endpoint moves and the file keeps."""

from __future__ import annotations

import datetime as dt
import sqlite3
import time

from .storage.database import get_meta, set_meta

_OFFSET = "clock_offset"


class Clock:
    """Seconds since 1970, in the time of this world."""

    def __init__(self) -> None:
        self.offset = 0.0

    def load(self, connection: sqlite3.Connection) -> None:
        """Take over the offset that the file holds."""
        self.offset = float(get_meta(connection, _OFFSET, 0.0))

    def now(self) -> float:
        """The time, in seconds."""
        return time.time() + self.offset

    def iso(self) -> str:
        """The time in ISO 8601, UTC."""
        return dt.datetime.fromtimestamp(self.now(), dt.UTC).isoformat()

    def advance(self, connection: sqlite3.Connection, seconds: float) -> None:
        """Move ahead (or back, with a negative number), and keep it."""
        self.offset += seconds
        set_meta(connection, _OFFSET, self.offset)
