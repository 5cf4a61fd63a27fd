"""Organizations, their users, and everyone's credentials."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from ..engine.schema.hooks import Organization
from ..engine.storage.database import get_meta

APPLICATION = "application"


def load(connection: sqlite3.Connection, id: int) -> Organization:
    """Return an organization."""
    row = connection.execute(
        "SELECT id, name, required_groups, campaigns FROM organizations WHERE id = ?", (id,)
    ).fetchone()
    return Organization(row[0], row[1], tuple(json.loads(row[2])), json.loads(row[3]))


def by_client_id(connection: sqlite3.Connection, client_id: str) -> tuple[int, str] | None:
    """Return the id and client secret of the organization with this client id, or None."""
    row = connection.execute(
        "SELECT id, client_secret FROM organizations WHERE client_id = ?", (client_id,)
    ).fetchone()
    return None if row is None else (int(row[0]), str(row[1]))


def application(connection: sqlite3.Connection) -> dict[str, str]:
    """Return `client_id` and `client_secret` of the partner's application, which serves every organization."""
    found: dict[str, str] = get_meta(connection, APPLICATION)
    return found


def is_active(connection: sqlite3.Connection, user: int) -> bool:
    """Return whether a user exists and is active."""
    row = connection.execute("SELECT a_status FROM users WHERE id = ?", (user,)).fetchone()
    return row is not None and row[0] != 0


def users_by_organization(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Return each organization with its credentials, required groups, and users with their passwords."""
    found = []
    organizations = connection.execute(
        "SELECT id, name, client_id, client_secret, required_groups FROM organizations ORDER BY id"
    ).fetchall()
    for id, name, client_id, client_secret, required_groups in organizations:
        rows = connection.execute(
            "SELECT users.id, a_username, a_email, a_external_id, password, admin, a_status FROM users"
            ' JOIN logins ON logins."user" = users.id WHERE users.organization = ? ORDER BY users.id',
            (id,),
        )
        names = ("id", "username", "email", "external_id", "password", "admin", "active")
        users = [dict(zip(names, row, strict=True)) for row in rows]
        for user in users:
            user["admin"], user["active"] = bool(user["admin"]), user["active"] != 0
        found.append(
            {
                "name": name,
                "client_id": client_id,
                "client_secret": client_secret,
                "required_groups": json.loads(required_groups),
                "users": users,
            }
        )
    return found


def credentials(
    connection: sqlite3.Connection, *, application_name: str, redirect_uris: Sequence[str]
) -> dict[str, Any]:
    """Return all client ids, secrets, user names and passwords."""
    own = application(connection)
    return {
        "organizations": users_by_organization(connection),
        "application": {
            "name": application_name,
            "client_id": own["client_id"],
            "client_secret": own["client_secret"],
            "redirect_uris": list(redirect_uris),
        },
    }
