"""The contact of a lead: found or created, and assigned to an owner."""

from __future__ import annotations

import sqlite3
from typing import Any

from ..engine import activities, crud, relationships
from ..engine.schema import values
from .endpoint import ApiRequest

PHONES = ("phone_cell", "phone_home", "phone_office")


def default_owner(connection: sqlite3.Connection, request: ApiRequest) -> int:
    """Return the owner of a lead that names none: the caller or, for an admin, `relationships.default_owner`."""
    if request.caller.user is not None:
        return request.caller.user
    return relationships.default_owner(connection, request.organization)


def find_same_person(
    connection: sqlite3.Connection, request: ApiRequest, owner: int | None, given: dict[str, Any]
) -> int | None:
    """Return the oldest contact with the same name and the same email address or phone number.

    `owner` limits the search to one owner's contacts.
    """
    reach, parameters = [], []
    if given.get("email"):
        reach.append("a_email = ?")
        parameters.append(str(given["email"]).strip())
    for number in filter(None, (values.phone_digits(given.get(name)) for name in PHONES)):
        reach += [f"a_{name} = ?" for name in PHONES]
        parameters += [number] * len(PHONES)
    if not reach:
        return None
    row = connection.execute(
        "SELECT min(id) FROM contacts WHERE organization = ? AND (? IS NULL OR owner = ?)"
        f" AND a_first_name = ? AND a_last_name = ? AND ({' OR '.join(reach)})",
        (request.organization, owner, owner, str(given["first_name"]), str(given["last_name"]), *parameters),
    ).fetchone()
    return None if row[0] is None else int(row[0])


def create(connection: sqlite3.Connection, request: ApiRequest, owner: int, given: dict[str, Any]) -> int:
    """Create a contact, or update the one that it duplicates. Return its id. Raise `ApiError` (422)."""
    return crud.save_as(connection, request.caller, request.now)("contacts", owner, given)


def add_activity(
    connection: sqlite3.Connection, request: ApiRequest, contact: int, type: str, details: str
) -> None:
    """Add a lead to a contact's activities."""
    activities.add(
        connection,
        request.organization,
        contact,
        now=request.now,
        type=type,
        title=type,
        details=details,
    )
