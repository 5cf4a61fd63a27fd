"""Browser sessions of the sign-in pages: a cookie of their own, and a token that every form must
bring back.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from dataclasses import dataclass

COOKIE = "te_sandbox"
_SECONDS = 8 * 3600


@dataclass(frozen=True)
class Session:
    """One browser. `user` is None until somebody signs in."""

    id: str
    user: int | None
    csrf: str

    def accepts(self, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return hmac.compare_digest(self.csrf.encode(), csrf.encode())


def find(connection: sqlite3.Connection, id: str | None, now: float) -> Session | None:
    """The session of a cookie, unless it has ended."""
    query = 'SELECT session, "user", csrf FROM sessions WHERE session = ? AND expires > ?'
    row = connection.execute(query, (id or "", now)).fetchone()
    return None if row is None else Session(*row)


def start(connection: sqlite3.Connection, user: int | None, now: float) -> Session:
    """A new session, for nobody or for a user who has just signed in."""
    session = Session(secrets.token_urlsafe(24), user, secrets.token_urlsafe(24))
    connection.execute("DELETE FROM sessions WHERE expires <= ?", (now,))
    connection.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?)", (session.id, user, session.csrf, now + _SECONDS)
    )
    return session


def end(connection: sqlite3.Connection, session: Session) -> None:
    """Forget a session."""
    connection.execute("DELETE FROM sessions WHERE session = ?", (session.id,))


def sign_in(connection: sqlite3.Connection, username: str, password: str) -> int | None:
    """The id of the active user with this user name or e-mail address and this password."""
    rows = connection.execute(
        'SELECT users.id, password FROM users JOIN people ON people."user" = users.id'
        " WHERE (a_username = ? OR a_email = ?) AND a_status <> 0",
        (username, username),
    )
    for id, expected in rows.fetchall():
        if hmac.compare_digest(str(expected).encode(), password.encode()):
            return int(id)
    return None
