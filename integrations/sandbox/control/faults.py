"""Faults on request: responses that fail, come late, come broken, or never come.

A fault is an object with any of `method`, `path` (a prefix, or the whole path if it ends with `$`), `times`, `rate` and
`shows` (an id: only responses that show this record), and one or more effects: `delay_ms`, `status`, `drop` ("before" or
"after"), `body` ("html", "truncated" or "empty"), `redirect` (a URL), `ignore` (query parameters that have no effect),
`change` (properties that replace those of the records, or of the record in `shows`) and `links` (properties that replace
those of a list's links).
"""

from __future__ import annotations

import random
import sqlite3
import threading
from dataclasses import dataclass
from typing import Any

from ..engine.errors import ApiError
from ..engine.responses import ApiResponse
from ..engine.storage.database import get_meta, set_meta

MAX_DELAY_MS = 600_000
_META = "faults"
_EFFECTS = ("delay_ms", "status", "drop", "body", "redirect", "ignore", "change", "links")
_PROPERTIES = ("method", "path", "times", "rate", "shows", *_EFFECTS)
#: Effects that need the real response.
_ON_CONTENT = ("shows", "change", "links")
_TYPES: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "redirect": (str,),
    "status": (int,),
    "times": (int,),
    "delay_ms": (int, float),
    "rate": (int, float),
    "shows": (int, str),
    "ignore": (list,),
    "change": (dict,),
    "links": (dict,),
}
_DROPS, _BODIES = ("before", "after"), ("html", "truncated", "empty")
_HTML = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
)


class ConnectionDropped(ConnectionAbortedError):
    """Raised to cut the connection without a response.

    The server closes the socket; an in-process adapter raises what its client would see.
    """


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request. `entry` is the entry of the fault list that it comes from."""

    delay_ms: float = 0
    status: int | None = None
    drop: str | None = None
    body: str | None = None
    redirect: str | None = None
    ignore: tuple[str, ...] = ()
    change: dict[str, Any] | None = None
    links: dict[str, Any] | None = None
    shows: int | str | None = None
    entry: dict[str, Any] | None = None

    @property
    def replaces_response(self) -> bool:
        """Whether the fault's own response is sent and the request has no effect."""
        return self.status is not None or self.body is not None or self.redirect is not None

    def alter(self, data: Any) -> Any:
        """Change the content of a response."""
        for record in records_in(data):
            if self.shows is None or str(record.get("id")) == str(self.shows):
                record.update(self.change or {})
        if self.links and isinstance(data, dict) and isinstance(data.get("links"), dict):
            data["links"].update(self.links)
        return data

    def response(self) -> ApiResponse:
        """Return the response to send instead of the real one."""
        if self.redirect is not None:
            return ApiResponse(self.status or 302, "", {"Location": self.redirect})
        if self.body == "html":
            return ApiResponse(self.status or 200, _HTML, {"Content-Type": "text/html"})
        if self.body == "truncated":
            return ApiResponse(self.status or 200, '{"items": [{"id": 1, "first_na')
        if self.body == "empty":
            return ApiResponse(self.status or 200, "")
        status = self.status or 500
        return ApiResponse(
            status, {"error": "sandbox_fault", "error_description": f"A fault requested status {status}"}
        )


class Faults:
    """The active faults. They are kept in the file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._random = random.Random()
        self.entries: list[dict[str, Any]] = []

    def load(self, connection: sqlite3.Connection, *, seed: int) -> None:
        """Read the faults from the file and reset the random numbers, so that the same requests are hit again."""
        with self._lock:
            self._random.seed(seed)
            self.entries = get_meta(connection, _META, [])

    def replace(self, connection: sqlite3.Connection, entries: Any) -> None:
        """Replace all faults. Raise `ApiError` (422) for an invalid one."""
        if not isinstance(entries, list):
            raise ApiError(422, "Faults must be a list of objects")
        for entry in entries:
            _check(entry)
        with self._lock:
            self.entries = [dict(entry) for entry in entries]
        set_meta(connection, _META, self.entries)

    def take(self, method: str, path: str) -> tuple[Fault | None, bool]:
        """Return the fault that hits a request, if any, and whether its remaining `times` changed."""
        with self._lock:
            for entry in self.entries:
                if not _is_on_content(entry) and self._hits(entry, method, path):
                    return _use(entry)
        return None, False

    def take_for_content(self, method: str, path: str, data: Any) -> tuple[list[Fault], bool]:
        """Return all faults that hit a response with this content, and whether their remaining `times` changed."""
        shown = {str(record.get("id")) for record in records_in(data)}
        taken = []
        with self._lock:
            for entry in self.entries:
                is_shown = entry.get("shows") is None or str(entry["shows"]) in shown
                if _is_on_content(entry) and is_shown and self._hits(entry, method, path):
                    taken.append(_use(entry))
        return [fault for fault, _ in taken], any(counts for _, counts in taken)

    @property
    def are_on_content(self) -> bool:
        """Whether an active fault needs the real response."""
        return any(_is_on_content(entry) for entry in self.entries)

    def _hits(self, entry: dict[str, Any], method: str, path: str) -> bool:
        if entry.get("times") == 0 or entry.get("method", method).upper() != method:
            return False
        prefix = entry.get("path", "")
        is_path = path == prefix[:-1] if prefix.endswith("$") else path.startswith(prefix)
        return is_path and self._random.random() < entry.get("rate", 1)

    def give_back(self, fault: Fault | None) -> bool:
        """Undo `take` for a request that a limit refused. Return whether the fault's `times` changed."""
        if fault is None or fault.entry is None or fault.entry.get("times") is None:
            return False
        with self._lock:
            fault.entry["times"] += 1
        return True

    def save(self, connection: sqlite3.Connection) -> None:
        """Store the faults with their remaining `times`."""
        with self._lock:
            set_meta(connection, _META, self.entries)


def records_in(data: Any) -> list[dict[str, Any]]:
    """Return the records that a response shows: those of a list, or the only one."""
    if not isinstance(data, dict):
        return []
    items = data.get("items", [data])
    return [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []


def _is_on_content(entry: dict[str, Any]) -> bool:
    return any(entry.get(name) is not None for name in _ON_CONTENT)


def _use(entry: dict[str, Any]) -> tuple[Fault, bool]:
    counts = entry.get("times") is not None
    if counts:
        entry["times"] -= 1
    effects = {name: entry[name] for name in (*_EFFECTS, "shows") if entry.get(name) is not None}
    return Fault(**effects, entry=entry), counts


def _check(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise ApiError(422, "A fault must be an object")
    unknown = sorted(set(entry) - set(_PROPERTIES))
    if unknown:
        raise ApiError(
            422, f"Unknown property of a fault: '{unknown[0]}'. Known properties: {', '.join(_PROPERTIES)}"
        )
    if not any(entry.get(name) is not None for name in _EFFECTS):
        raise ApiError(422, f"A fault needs at least one of {', '.join(_EFFECTS)}")
    if entry.get("drop") not in (None, *_DROPS) or entry.get("body") not in (None, *_BODIES):
        raise ApiError(
            422, f"'drop' must be one of {', '.join(_DROPS)}; 'body' must be one of {', '.join(_BODIES)}"
        )
    for name, types in _TYPES.items():
        if entry.get(name) is not None and (
            not isinstance(entry[name], types) or isinstance(entry[name], bool)
        ):
            raise ApiError(422, f"Invalid value for property of a fault: '{name}'")
    if not all(isinstance(name, str) for name in entry.get("ignore") or ()):
        raise ApiError(422, "'ignore' must be a list of names of query parameters")
    _check_ranges(entry)
    if "method" in entry and entry["method"] is None or "path" in entry and entry["path"] is None:
        raise ApiError(422, "'method' and 'path' must be strings. Leave them out to hit every request")


def _check_ranges(entry: dict[str, Any]) -> None:
    if not 200 <= (entry.get("status") or 200) <= 599:
        raise ApiError(422, "'status' must be between 200 and 599")
    if not 0 <= (1 if entry.get("rate") is None else entry["rate"]) <= 1:
        raise ApiError(422, "'rate' must be between 0 and 1")
    if (entry.get("times") or 0) < 0:
        raise ApiError(422, "'times' must be 0 or more")
    if not (entry.get("redirect") or "/").isprintable():
        raise ApiError(422, "'redirect' must be a URL without line breaks")
    if not 0 <= (entry.get("delay_ms") or 0) <= MAX_DELAY_MS:
        raise ApiError(422, f"'delay_ms' must be between 0 and {MAX_DELAY_MS}")
