"""The contact behind a lead: an existing one that is the same person, or a new one; and who gets it."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..engine import activities, crud
from ..engine.responses import Refusal
from ..engine.schema import values
from .endpoint import Asked

PHONES = ("phone_cell", "phone_home", "phone_office")


def first_user(connection: sqlite3.Connection, asked: Asked) -> int:
    """Who gets a lead that names nobody: the user who asks, or the organization's first active loan officer, or else
    its active admin. Raises `Refusal` (422) where nobody is active.
    """
    if asked.caller.user is not None:
        return asked.caller.user
    row = connection.execute(
        'SELECT id FROM users JOIN people ON people."user" = users.id WHERE users.organization = ?'
        " AND a_status = 1 ORDER BY admin, id LIMIT 1",
        (asked.organization,),
    ).fetchone()
    if row is None:
        raise Refusal(422, "Unable to find target for relationship: 'owner'")
    return int(row[0])


def same_person(
    connection: sqlite3.Connection, asked: Asked, owner: int | None, given: dict[str, Any]
) -> int | None:
    """The oldest contact of the same names with the same e-mail address or a telephone number in common, of
    one owner or of the whole organization.
    """
    reach, parameters = [], []
    if given.get("email"):
        reach.append("a_email = ?")
        parameters.append(str(given["email"]).strip())
    for number in filter(None, (values.digits(given.get(name)) for name in PHONES)):
        reach += [f"a_{name} = ?" for name in PHONES]
        parameters += [number] * len(PHONES)
    if not reach:
        return None
    row = connection.execute(
        "SELECT min(id) FROM contacts WHERE organization = ? AND (? IS NULL OR owner = ?)"
        f" AND a_first_name = ? AND a_last_name = ? AND ({' OR '.join(reach)})",
        (asked.organization, owner, owner, str(given["first_name"]), str(given["last_name"]), *parameters),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def create(connection: sqlite3.Connection, asked: Asked, owner: int, given: dict[str, Any]) -> int:
    """A new contact of an owner, or the one that this is a duplicate of. Raises `Refusal` (422)."""
    return crud.save_as(connection, asked.caller, asked.now)("contacts", owner, given)


def note(connection: sqlite3.Connection, asked: Asked, contact: int, type: str, details: str) -> None:
    """Note in a contact's activity that there is a lead."""
    activities.add(
        connection,
        asked.organization,
        contact,
        now=asked.now,
        type=type,
        title=type,
        details=details,
    )
