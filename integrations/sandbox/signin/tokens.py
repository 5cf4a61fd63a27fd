"""Authorization codes, access tokens and refresh tokens."""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass

CODE_SECONDS = 30
ACCESS_SECONDS = 3600
REFRESH_SECONDS = 14 * 24 * 3600
CODE, ACCESS, REFRESH = "code", "access", "refresh"
_LIFETIMES = {CODE: CODE_SECONDS, ACCESS: ACCESS_SECONDS, REFRESH: REFRESH_SECONDS}


@dataclass(frozen=True)
class Grant:
    """What a code or token stands for.

    `user` is None for client credentials. `redirect_uri` and `code_challenge` are those of the authorization request, for
    codes only.
    """

    client_id: str
    organization: int
    user: int | None
    scope: str
    redirect_uri: str | None = None
    code_challenge: str | None = None


@dataclass(frozen=True)
class Token:
    """A stored code or token. `expires` is in seconds since 1970."""

    grant: Grant
    expires: float
    used: bool


def issue(connection: sqlite3.Connection, kind: str, grant: Grant, now: float) -> str:
    """Store a new code or token and return it: 40 hexadecimal digits."""
    value = secrets.token_hex(20)
    connection.execute(
        'INSERT INTO tokens (token, kind, client_id, organization, "user", scope, expires, redirect_uri,'
        " code_challenge) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            value,
            kind,
            grant.client_id,
            grant.organization,
            grant.user,
            grant.scope,
            now + _LIFETIMES[kind],
            grant.redirect_uri,
            grant.code_challenge,
        ),
    )
    return value


def find(connection: sqlite3.Connection, kind: str, value: str) -> Token | None:
    """Return the code or token with this value, even if it is expired or used."""
    row = connection.execute(
        'SELECT client_id, organization, "user", scope, redirect_uri, code_challenge, expires, used FROM tokens'
        " WHERE token = ? AND kind = ?",
        (value, kind),
    ).fetchone()
    return None if row is None else Token(Grant(*row[:6]), row[6], bool(row[7]))


def mark_used(connection: sqlite3.Connection, value: str) -> None:
    """Invalidate a code or refresh token after its use."""
    connection.execute("UPDATE tokens SET used = 1 WHERE token = ?", (value,))
