"""Verification: check step by step what a new grant can reach, before anything is synced."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.db import transaction

from integrations import total_expert
from integrations.connections.client import client_for
from integrations.connections.grants import admission, ownership, scopes
from integrations.connections.models import Connection, Purpose
from integrations.total_expert import Client, Rejected
from portal.core import clock

#: The labels of the steps by name, in order.
STEP_LABELS = {
    "token": "Token",
    "scopes": "Scopes",
    "first_page": "Contacts",
    "owners": "Users",
    "groups": "Groups",
}

Outcome = Literal["done", "warned", "failed"]


@dataclass(frozen=True)
class Step:
    """One check and its result, with a sentence about it."""

    name: str
    outcome: Outcome
    text: str


def run(connection: Connection, *, purpose: Purpose = Purpose.PERSON) -> Iterator[Step]:
    """Run the checks one by one and yield their results. Raise the client's errors. Rejected ends the verification."""
    client = client_for(connection, purpose=purpose)
    with client:
        yield Step("token", "done", _check_token(client))
        yield _check_scopes(connection)
        yield _read_first_page(connection, client)
        if connection.sees_everything:
            yield _count("owners", "user", lambda: client.users.list(size=1))
        else:
            yield Step("owners", "done", "Sees one person's contacts. Other loan officers connect their own.")
        yield _count("groups", "group", lambda: client.contact_groups.list(size=1))
    with transaction.atomic():
        Connection.objects.filter(pk=connection.pk).update(verified_at=clock.now())


def _check_token(client: Client) -> str:
    client.teapot()
    return "Total Expert accepts this connection's token."


def _check_scopes(connection: Connection) -> Step:
    connection.refresh_from_db(fields=["scopes"])
    missing = scopes.missing(connection)
    if not missing:
        return Step("scopes", "done", "All needed scopes are granted.")
    listed = "; ".join(f"{scopes.LABELS[code]} ({code})" for code in missing)
    them = "them" if len(missing) > 1 else "it"
    return Step(
        "scopes",
        "warned",
        f"Missing: {listed}. Ask Total Expert to add {them} to the client, then reconnect.",
    )


def _read_first_page(connection: Connection, client: Client) -> Step:
    if connection.admitted_at is None:
        admission.admit(connection, client)
    page = admission.list_oldest_contacts(client)
    # A page says how many pages there are. Only the last one tells how many contacts that makes.
    last = client.contacts.list(size=page.size, page=page.last) if page.last > 1 else page
    count = (page.last - 1) * page.size + len(last.items) + len(last.unreadable)
    text = f"Sees {count:,} contact{'s' if count != 1 else ''}."
    if ownership.is_confirmed(connection, ownership.contact_records(page.items)):
        text += " They match this organization's other connections."
    return Step("first_page", "done", text)


def _count(name: str, noun: str, fetch: Callable[[], total_expert.Page[object]]) -> Step:
    try:
        page = fetch()
    except Rejected as refused:
        if refused.code != "insufficient_scope":
            raise
        return Step(name, "warned", f"Can't read {noun}s: the scope is missing.")
    return Step(
        name,
        "done",
        f"Sees {page.last:,} {noun}{'s' if page.last != 1 else ''}." if page.items else f"Sees no {noun}s.",
    )
