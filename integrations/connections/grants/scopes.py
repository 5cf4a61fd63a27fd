"""Total Expert's OAuth scopes: their names on screens, and what the portal needs each one for."""

from dataclasses import dataclass
from typing import Literal

from integrations.connections.models import Connection

#: What each scope allows, as screens say it. Scopes that aren't listed show their code only.
LABELS = {
    "leadInteraction": "Read and write contacts and groups",
    "getUsers": "Read users",
    "describeSchema": "Read custom field definitions",
}
#: What the portal needs each scope for.
USES = {
    "leadInteraction": "contacts and groups",
    "getUsers": "owners",
    "describeSchema": "custom fields",
}
#: Scopes that only work with admin access, even if a person's token has them.
ADMIN_ONLY = ("getUsers", "describeSchema")

Standing = Literal["granted", "missing", "unused"]


@dataclass(frozen=True)
class Scope:
    """A scope of one connection. ``use`` is empty if the portal doesn't need it from this connection."""

    code: str
    label: str
    use: str
    standing: Standing


def needed(connection: Connection) -> dict[str, str]:
    """Return the scopes that a connection needs, each with its use."""
    if connection.sees_everything:
        return USES
    return {scope: use for scope, use in USES.items() if scope not in ADMIN_ONLY}


def missing(connection: Connection) -> dict[str, str]:
    """Return the needed scopes that were not granted, each with its use."""
    return {scope: use for scope, use in needed(connection).items() if scope not in connection.granted_scopes}


def compare(connection: Connection) -> list[Scope]:
    """Return the scopes that a connection needs or has, needed ones first."""
    uses = needed(connection)
    rows = []
    for code in dict.fromkeys([*uses, *sorted(connection.granted_scopes)]):
        standing: Standing = "missing"
        if code in connection.granted_scopes:
            standing = "granted" if code in uses else "unused"
        rows.append(Scope(code, LABELS.get(code, ""), uses.get(code, ""), standing))
    return rows
