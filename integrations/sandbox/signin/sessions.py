"""Browser sessions of the sign-in and consent pages."""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from dataclasses import dataclass

COOKIE = "te_sandbox"
_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Session:
    """One browser. `user` is None before sign-in."""

    id: str
    user: int | None
    csrf_token: str

    def accepts(self, csrf_token: str) -> bool:
        """Return whether a form was made for this session."""
        return hmac.compare_digest(self.csrf_token.encode(), csrf_token.encode())


def find(connection: sqlite3.Connection, id: str | None, now: float) -> Session | None:
    """Return the session of a cookie, or None if it has ended."""
    query = 'SELECT session, "user", csrf FROM sessions WHERE session = ? AND expires > ?'
    row = connection.execute(query, (id or "", now)).fetchone()
    return None if row is None else Session(*row)


def start(connection: sqlite3.Connection, user: int | None, now: float) -> Session:
    """Start a session, before or after sign-in."""
    session = Session(secrets.token_urlsafe(24), user, secrets.token_urlsafe(24))
    connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
    connection.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?)", (session.id, user, session.csrf_token, now + _SECONDS)
    )
    return session


def end(connection: sqlite3.Connection, session: Session) -> None:
    """End a session."""
    connection.execute("DELETE FROM sessions WHERE session = ?", (session.id,))


def check_password(connection: sqlite3.Connection, username: str, password: str) -> int | None:
    """Return the id of the active user with this user name or email address and password, or None."""
    rows = connection.execute(
        'SELECT users.id, password FROM users JOIN logins ON logins."user" = users.id'
        " WHERE (a_username = ? OR a_email = ?) AND a_status <> 0",
        (username, username),
    )
    for id, expected in rows.fetchall():
        if hmac.compare_digest(str(expected).encode(), password.encode()):
            return int(id)
    return None
