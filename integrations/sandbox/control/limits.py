"""The request log, and the vendor's limits, counted in it per source address in sliding windows.

Every request except those to the control endpoints is logged when it arrives; its status is added when the response
is sent. A request that a limit refuses is logged but doesn't count. A token request that fails does count.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..engine.errors import ApiError

MINUTE, HOUR = 60.0, 3600.0
#: Log entries further in the future than this are ignored: someone moved the clock back.
MAX_AHEAD = 60.0
MAX_ENTRIES = 50_000
_TRIM_EVERY = 1000


@dataclass(frozen=True)
class Limits:
    """How many requests a minute and token requests an hour one address may make. 0 means no limit."""

    calls_per_minute: int = 1000
    tokens_per_hour: int = 2


@dataclass(frozen=True)
class IncomingRequest:
    """One request as it arrives. `at` is in seconds since 1970."""

    at: float
    method: str
    path: str
    query: str
    address: str
    is_token_request: bool
    is_limited: bool


def log_request(
    connection: sqlite3.Connection, limits: Limits, incoming: IncomingRequest
) -> tuple[int, ApiError | None]:
    """Log and count a request. Return its number in the log, and the error to respond with if a limit is reached."""
    error = _check(connection, limits, incoming) if incoming.is_limited else None
    counted = int(incoming.is_limited and error is None)
    cursor = connection.execute(
        "INSERT INTO requests (at, method, path, query, status, address, counted, token)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            incoming.at,
            incoming.method,
            incoming.path,
            incoming.query,
            error.status if error else 0,
            incoming.address,
            counted,
            int(incoming.is_token_request),
        ),
    )
    number = int(cursor.lastrowid or 0)
    if number % _TRIM_EVERY == 0:
        connection.execute(
            "DELETE FROM requests WHERE seq <= ? AND NOT (token = 1 AND at > ?)",
            (number - MAX_ENTRIES, incoming.at - HOUR),
        )
    return number, error


def _check(connection: sqlite3.Connection, limits: Limits, incoming: IncomingRequest) -> ApiError | None:
    if limits.calls_per_minute:
        calls = connection.execute(
            "SELECT count(*) FROM requests WHERE address = ? AND counted = 1 AND at > ? AND at <= ?",
            (incoming.address, incoming.at - MINUTE, incoming.at + MAX_AHEAD),
        ).fetchone()[0]
        if calls >= limits.calls_per_minute:
            return _too_many(f"More than {limits.calls_per_minute} requests in a minute from this address")
    if limits.tokens_per_hour and incoming.is_token_request:
        tokens = connection.execute(
            "SELECT count(*) FROM requests WHERE address = ? AND token = 1 AND counted = 1 AND at > ? AND at <= ?",
            (incoming.address, incoming.at - HOUR, incoming.at + MAX_AHEAD),
        ).fetchone()[0]
        if tokens >= limits.tokens_per_hour:
            return _too_many(
                f"More than {limits.tokens_per_hour} token requests in an hour from this address"
            )
    return None


def _too_many(description: str) -> ApiError:
    return ApiError(429, "rate_limit_exceeded", description)


def log_response(connection: sqlite3.Connection, number: int, status: int, client_id: str | None) -> None:
    """Add the status of the response, and the caller, to the log entry of a request."""
    connection.execute(
        "UPDATE requests SET status = ?, client_id = ? WHERE seq = ?", (status, client_id, number)
    )


def read_log(
    connection: sqlite3.Connection, since: int, *, latest: int | None = None
) -> list[dict[str, Any]]:
    """Return the requests after number `since`, oldest first, or only the `latest` ones, newest first."""
    order = "DESC LIMIT ?" if latest is not None else "ASC"
    rows = connection.execute(
        "SELECT seq, at, method, path, query, status, client_id, address FROM requests"
        f" WHERE seq > ? ORDER BY seq {order}",
        (since, latest) if latest is not None else (since,),
    )
    names = ("seq", "at", "method", "path", "query", "status", "client_id", "address")
    entries = [dict(zip(names, row, strict=True)) for row in rows]
    for entry in entries:
        entry["at"] = dt.datetime.fromtimestamp(entry["at"], dt.UTC).isoformat()
    return entries
