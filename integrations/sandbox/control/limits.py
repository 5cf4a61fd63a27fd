"""The vendor's limits, per source address, in sliding windows, and the log of requests in which they are
counted.

Every request beyond the control endpoints is entered when it arrives and gets its status when it is answered.
A request that a limit refuses is logged and does not count; a token request that fails does.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..engine.responses import Refusal

MINUTE, HOUR = 60.0, 3600.0
#: What was entered further ahead than this, was so before the clock was put back.
AHEAD = 60.0
KEPT = 50_000
_TRIM_EVERY = 1000


@dataclass(frozen=True)
class Limits:
    """How many calls a minute and token requests an hour one address may make; 0 means any number."""

    calls_per_minute: int = 1000
    tokens_per_hour: int = 2


@dataclass(frozen=True)
class Arrival:
    """One request as it came in."""

    at: float
    method: str
    path: str
    query: str
    address: str
    is_token_request: bool
    is_limited: bool


def enter(connection: sqlite3.Connection, limits: Limits, arrival: Arrival) -> tuple[int, Refusal | None]:
    """Log a request and count it. Returns its number, and the refusal to answer with where a limit is
    reached.
    """
    refusal = _check(connection, limits, arrival) if arrival.is_limited else None
    counted = int(arrival.is_limited and refusal is None)
    cursor = connection.execute(
        "INSERT INTO requests (at, method, path, query, status, address, counted, token)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            arrival.at,
            arrival.method,
            arrival.path,
            arrival.query,
            refusal.status if refusal else 0,
            arrival.address,
            counted,
            int(arrival.is_token_request),
        ),
    )
    number = int(cursor.lastrowid or 0)
    if number % _TRIM_EVERY == 0:
        connection.execute(
            "DELETE FROM requests WHERE seq <= ? AND NOT (token = 1 AND at > ?)",
            (number - KEPT, arrival.at - HOUR),
        )
    return number, refusal


def _check(connection: sqlite3.Connection, limits: Limits, arrival: Arrival) -> Refusal | None:
    if limits.calls_per_minute:
        calls = connection.execute(
            "SELECT count(*) FROM requests WHERE address = ? AND counted = 1 AND at > ? AND at <= ?",
            (arrival.address, arrival.at - MINUTE, arrival.at + AHEAD),
        ).fetchone()[0]
        if calls >= limits.calls_per_minute:
            return _too_many(f"More than {limits.calls_per_minute} requests in a minute from this address")
    if limits.tokens_per_hour and arrival.is_token_request:
        tokens = connection.execute(
            "SELECT count(*) FROM requests WHERE address = ? AND token = 1 AND counted = 1 AND at > ? AND at <= ?",
            (arrival.address, arrival.at - HOUR, arrival.at + AHEAD),
        ).fetchone()[0]
        if tokens >= limits.tokens_per_hour:
            return _too_many(
                f"More than {limits.tokens_per_hour} token requests in an hour from this address"
            )
    return None


def _too_many(description: str) -> Refusal:
    return Refusal(429, "rate_limit_exceeded", description)


def leave(connection: sqlite3.Connection, number: int, status: int, client_id: str | None) -> None:
    """Enter the status with which a request was answered, and whose it was."""
    connection.execute(
        "UPDATE requests SET status = ?, client_id = ? WHERE seq = ?", (status, client_id, number)
    )


def read(connection: sqlite3.Connection, since: int, *, latest: int | None = None) -> list[dict[str, Any]]:
    """Requests after number `since`, oldest first; with `latest`, only that many, newest first."""
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
