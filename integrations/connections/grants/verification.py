"""Verification: what a fresh grant reaches, step by step, before anything of it is mirrored."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from integrations import total_expert
from integrations.connections.client import client_for
from integrations.connections.grants import admission
from integrations.connections.models import Connection, Purpose
from integrations.total_expert import Client, Rejected
from portal.core import clock

#: What each scope is needed for. A user's token never reaches users and schema, whatever it was granted.
SCOPE_USES = {
    "leadInteraction": "contacts and groups",
    "getUsers": "owners",
    "describeSchema": "custom fields",
}
ADMIN_ONLY_SCOPES = ("getUsers", "describeSchema")

Outcome = Literal["done", "warned", "failed"]


@dataclass(frozen=True)
class Step:
    """One thing that was tried, and what came of it, in a sentence."""

    name: str
    outcome: Outcome
    text: str


def needed_scopes(connection: Connection) -> dict[str, str]:
    """The scopes this connection needs, each with what for."""
    if connection.sees_everything:
        return SCOPE_USES
    return {scope: use for scope, use in SCOPE_USES.items() if scope not in ADMIN_ONLY_SCOPES}


def missing_scopes(connection: Connection) -> dict[str, str]:
    """The needed scopes that were not granted."""
    return {
        scope: use
        for scope, use in needed_scopes(connection).items()
        if scope not in connection.granted_scopes
    }


#: The steps by name, in order, for screens that show what is still to come.
STEP_LABELS = {
    "token": "Token",
    "scopes": "Scopes",
    "first_page": "Contacts",
    "owners": "Users",
    "groups": "Groups",
}


def run(connection: Connection, *, purpose: Purpose = Purpose.PERSON) -> Iterator[Step]:
    """Try one thing after the other. Raises the client's errors; Rejected ends the verification for good."""
    client = client_for(connection, purpose=purpose)
    with client:
        yield _try("token", lambda: _token(client))
        yield _scopes(connection)
        yield _first_page(connection, client)
        if connection.sees_everything:
            yield _count("owners", "user", lambda: client.users.list(size=1))
        else:
            yield Step("owners", "done", "Sees one person's own book. Other owners need their own consent.")
        yield _count("groups", "group", lambda: client.contact_groups.list(size=1))
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(verified_at=clock.now())


def _try(name: str, action: Callable[[], str]) -> Step:
    return Step(name, "done", action())


def _token(client: Client) -> str:
    client.teapot()
    return "Total Expert takes this connection's token."


def _scopes(connection: Connection) -> Step:
    connection.refresh_from_db(fields=["scopes"])
    missing = missing_scopes(connection)
    if not missing:
        return Step("scopes", "done", f"Granted all that is needed: {', '.join(needed_scopes(connection))}.")
    wanting = "; ".join(f"{scope} (for {use})" for scope, use in missing.items())
    return Step(
        "scopes",
        "warned",
        f"Not granted: {wanting}. Ask Total Expert to add it to the client, then reconnect.",
    )


def _first_page(connection: Connection, client: Client) -> Step:
    if connection.admitted_at is None:
        admission.admit(connection, client)
    page = admission.list_oldest_contacts(client)
    # pages say how many of them there are; only the last one tells how many contacts that makes
    last = client.contacts.list(size=page.size, page=page.last) if page.last > 1 else page
    count = (page.last - 1) * page.size + len(last.items) + len(last.unreadable)
    return Step("first_page", "done", f"Sees {count:,} contacts, and they are this organization's.")


def _count(name: str, noun: str, fetch: Callable[[], total_expert.Page[object]]) -> Step:
    try:
        page = fetch()
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        return Step(name, "warned", f"May not read {noun}s: its scope is missing.")
    return Step(
        name,
        "done",
        f"Sees {page.last:,} {noun}{'s' if page.last != 1 else ''}." if page.items else f"Sees no {noun}s.",
    )
