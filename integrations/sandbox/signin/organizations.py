"""The organizations of this world, their users' standing, and the credentials of all of them."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from ..engine.schema.hooks import Organization
from ..engine.storage.database import get_meta

APPLICATION = "application"


def organization(connection: sqlite3.Connection, id: int) -> Organization:
    """The organization of this id."""
    row = connection.execute(
        "SELECT id, name, required_groups, campaigns FROM organizations WHERE id = ?", (id,)
    ).fetchone()
    return Organization(row[0], row[1], tuple(json.loads(row[2])), json.loads(row[3]))


def by_credentials(connection: sqlite3.Connection, client_id: str) -> tuple[int, str] | None:
    """The id and the client secret of the organization whose own credentials have this client id."""
    row = connection.execute(
        "SELECT id, client_secret FROM organizations WHERE client_id = ?", (client_id,)
    ).fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def application(connection: sqlite3.Connection) -> dict[str, Any]:
    """The partner's application, which serves every organization: name, client id, client secret."""
    found: dict[str, Any] = get_meta(connection, APPLICATION)
    return found


def is_active(connection: sqlite3.Connection, user: int) -> bool:
    """Whether a user exists and is not set to status 0."""
    row = connection.execute("SELECT a_status FROM users WHERE id = ?", (user,)).fetchone()
    return row is not None and row[0] != 0


def credentials(connection: sqlite3.Connection, redirect_uris: tuple[str, ...]) -> dict[str, Any]:
    """All client ids, secrets, user names and passwords of this invented world."""
    found = []
    organizations = connection.execute(
        "SELECT id, name, client_id, client_secret, required_groups FROM organizations ORDER BY id"
    ).fetchall()
    for id, name, client_id, client_secret, required_groups in organizations:
        users = connection.execute(
            "SELECT users.id, a_username, a_email, a_external_id, password, admin, a_status FROM users"
            ' JOIN people ON people."user" = users.id WHERE users.organization = ? ORDER BY users.id',
            (id,),
        )
        names = ("id", "username", "email", "external_id", "password", "admin", "active")
        people = [dict(zip(names, row, strict=True)) for row in users]
        for person in people:
            person["admin"], person["active"] = bool(person["admin"]), person["active"] != 0
        found.append(
            {
                "name": name,
                "client_id": client_id,
                "client_secret": client_secret,
                "required_groups": json.loads(required_groups),
                "users": people,
            }
        )
    own = application(connection)
    return {
        "organizations": found,
        "application": {
            "name": own["name"],
            "client_id": own["client_id"],
            "client_secret": own["client_secret"],
            "redirect_uris": list(redirect_uris),
        },
    }
