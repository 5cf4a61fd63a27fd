"""Faults on request: answers that fail, come late, come broken, or never come.

A fault is an object with any of `method`, `path` (a prefix), `times`, `rate`, and what goes wrong:
`delay_ms`, `status`, `drop` ("before" or "after"), `body` ("html", "truncated" or "empty") or `redirect`.
"""

from __future__ import annotations

import random
import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

from ..engine.responses import Answer, Refusal
from ..engine.storage.database import get_meta, set_meta

_META = "faults"
_EFFECTS = ("delay_ms", "status", "drop", "body", "redirect")
_KNOWN = ("method", "path", "times", "rate", *_EFFECTS)
#: Ten minutes: no client waits longer.
LONGEST_DELAY_MS = 600_000
_KINDS: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "redirect": (str,),
    "status": (int,),
    "times": (int,),
    "delay_ms": (int, float),
    "rate": (int, float),
}
_DROPS, _BODIES = ("before", "after"), ("html", "truncated", "empty")
_HTML = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)


class ConnectionDropped(ConnectionAbortedError):
    """The connection is to be cut without an answer. Servers and adapters turn this into what a client would
    see.
    """


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request."""

    delay_ms: float = 0
    status: int | None = None
    drop: str | None = None
    body: str | None = None
    redirect: str | None = None
    entry: dict[str, Any] | None = None  #: of the list, from which it was taken

    @property
    def replaces_the_answer(self) -> bool:
        """Whether the request is answered without being carried out."""
        return self.status is not None or self.body is not None or self.redirect is not None

    def answer(self) -> Answer:
        """The answer that takes the place of the real one."""
        if self.redirect is not None:
            return Answer(self.status or 302, "", {"Location": self.redirect})
        if self.body == "html":
            return Answer(self.status or 200, _HTML, {"Content-Type": "text/html"})
        if self.body == "truncated":
            return Answer(self.status or 200, '{"items": [{"id": 1, "first_na')
        if self.body == "empty":
            return Answer(self.status or 200, "")
        status = self.status or 500
        return Answer(
            status, {"error": "sandbox_fault", "error_description": f"A fault asked for status {status}"}
        )


class Faults:
    """The list of faults in force. Kept in the file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random()
        self.entries: list[dict[str, Any]] = []

    def load(self, connection: sqlite3.Connection, *, seed: int) -> None:
        """Take over the list that the file holds. Chance begins anew: the same faults hit the same requests."""
        with self._lock:
            self._random.seed(seed)
            self.entries = get_meta(connection, _META, [])

    def replace(self, connection: sqlite3.Connection, entries: Any) -> None:
        """Put a new list in force. Raises `Refusal` (422) where an entry makes no sense."""
        if not isinstance(entries, list):
            raise Refusal(422, "Faults come as a list of objects")
        for entry in entries:
            _check(entry)
        with self._lock:
            self.entries = [dict(entry) for entry in entries]
        set_meta(connection, _META, self.entries)

    def give_back(self, fault: Fault | None) -> bool:
        """The request was refused before its fault could happen. Whether the list has changed by that."""
        if fault is None or fault.entry is None or fault.entry.get("times") is None:
            return False
        with self._lock:
            fault.entry["times"] += 1
        return True

    def take(self, method: str, path: str) -> tuple[Fault | None, bool]:
        """The fault that hits a request, if any, and whether the list has changed by that."""
        with self._lock:
            for entry in self.entries:
                if entry.get("times") == 0 or entry.get("method", method).upper() != method:
                    continue
                if not path.startswith(entry.get("path", "")) or self._random.random() >= entry.get(
                    "rate", 1
                ):
                    continue
                counts = entry.get("times") is not None
                if counts:
                    entry["times"] -= 1
                effects = {name: entry[name] for name in _EFFECTS if entry.get(name) is not None}
                return Fault(**effects, entry=entry), counts
        return None, False

    def save(self, connection: sqlite3.Connection) -> None:
        """Keep how often each fault may still happen."""
        with self._lock:
            set_meta(connection, _META, self.entries)


def _check_ranges(entry: dict[str, Any]) -> None:
    if not 200 <= (entry.get("status") or 200) <= 599:
        raise Refusal(422, "'status' is between 200 and 599")
    if not 0 <= (1 if entry.get("rate") is None else entry["rate"]) <= 1:
        raise Refusal(422, "'rate' is between 0 and 1")
    if (entry.get("times") or 0) < 0:
        raise Refusal(422, "'times' is 0 or more")
    if not (entry.get("redirect") or "/").isprintable():
        raise Refusal(422, "'redirect' is an address, without line breaks")


def _check(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise Refusal(422, "A fault is an object")
    unknown = sorted(set(entry) - set(_KNOWN))
    if unknown:
        raise Refusal(422, f"Unknown property of a fault: '{unknown[0]}'. Known: {', '.join(_KNOWN)}")
    if not any(entry.get(name) is not None for name in _EFFECTS):
        raise Refusal(422, f"A fault needs one of {', '.join(_EFFECTS)}")
    if entry.get("drop") not in (None, *_DROPS) or entry.get("body") not in (None, *_BODIES):
        raise Refusal(422, f"'drop' is one of {', '.join(_DROPS)}; 'body' is one of {', '.join(_BODIES)}")
    for name, kinds in _KINDS.items():
        if entry.get(name) is not None and (
            not isinstance(entry[name], kinds) or isinstance(entry[name], bool)
        ):
            raise Refusal(422, f"Invalid value for property of a fault: '{name}'")
    _check_ranges(entry)
    if not 0 <= (entry.get("delay_ms") or 0) <= LONGEST_DELAY_MS:
        raise Refusal(422, f"'delay_ms' is between 0 and {LONGEST_DELAY_MS}")
    if "method" in entry and entry["method"] is None or "path" in entry and entry["path"] is None:
        raise Refusal(422, "'method' and 'path' are texts; leave them out to hit every request")
