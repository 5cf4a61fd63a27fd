"""The queue of webhook deliveries.

Triggers add deliveries in the transaction that makes a change, so none is lost. Sent ones are kept to be read.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from dataclasses import dataclass, replace
from typing import Any

from ..engine.schema import identifiers
from ..engine.schema.registry import RESOURCES
from ..engine.schema.resource import Resource

PENDING, DELIVERED, DROPPED, FAILED, REFUSED = "pending", "delivered", "dropped", "failed", "refused"
MAX_ENTRIES = 20_000
_ACTIONS = (("create", "CREATED"), ("update", "UPDATED"), ("delete", "DELETED"))
_NOW = (
    "((julianday('now') - 2440587.5) * 86400"
    " + coalesce((SELECT value + 0.0 FROM meta WHERE name = 'clock_offset'), 0))"
)


@dataclass(frozen=True)
class Delivery:
    """One message to send. `secret` is the subscription's secret at the time of the change."""

    seq: int
    at: float
    url: str
    item: str
    action: str
    record: int | str
    hash: str
    secret: str | None
    attempts: int

    def body(self) -> bytes:
        """Return the message as JSON."""
        return json.dumps(
            {
                "item": self.item,
                "action": self.action,
                "id": self.record,
                "hashValue": self.hash,
                "secret": self.secret,
            }
        ).encode()


def actions_of(resource: Resource) -> list[str]:
    """Return the actions that can be subscribed to on a resource."""
    if resource.webhook_item and resource.webhook_updates_only:
        return ["UPDATED"]
    return [action for method, action in _ACTIONS if resource.webhook_item and method in resource.methods]


def create_triggers(connection: sqlite3.Connection, resource: Resource) -> None:
    """Add a delivery for every matching subscription whenever a record of this resource changes."""
    events = {"CREATED": "INSERT", "UPDATED": "UPDATE OF digest", "DELETED": "DELETE"}
    watched = [(events[action], action) for action in actions_of(resource)]
    if resource.webhook_item and resource.webhook_updates_only:
        watched.append((events["CREATED"], "UPDATED"))
    for event, action in watched:
        row = "OLD" if event == "DELETE" else "NEW"
        name = f"{resource.table}_deliver_{event.partition(' ')[0].lower()}"
        connection.execute(
            f"CREATE TRIGGER {name} AFTER {event} ON {resource.table} BEGIN"
            " INSERT INTO deliveries (at, due, organization, subscription, url, item, action, record, hash, secret)"
            f" SELECT {_NOW}, {_NOW}, s.organization, s.id, s.a_url, a.a_item, a.a_action, {row}.id,"
            f" printf('%016x', {row}.digest), json_extract(s.hidden, '$.secret')"
            " FROM webhook_actions a JOIN webhook_subscriptions__actions l ON l.target = a.id"
            " JOIN webhook_subscriptions s ON s.id = l.record"
            f" WHERE a.organization = {row}.organization AND a.a_item = '{resource.webhook_item}'"
            f" AND a.a_action = '{action}'; END"
        )


def pending(connection: sqlite3.Connection, due: float | None) -> list[int]:
    """Return the numbers of pending deliveries, oldest first; only those due by a time, if one is given.

    A delivery due in more than an hour counts as due: someone moved the clock back.
    """
    limit = "" if due is None else " AND (due <= ? OR due > ?)"
    found = connection.execute(
        f"SELECT seq FROM deliveries WHERE status = '{PENDING}'{limit} ORDER BY seq",
        () if due is None else (due, due + 3600),
    )
    return [row[0] for row in found]


def load(connection: sqlite3.Connection, seq: int) -> Delivery | None:
    """Return a delivery if it is still pending."""
    row = connection.execute(
        "SELECT seq, at, url, item, action, record, hash, secret, attempts FROM deliveries"
        f" WHERE seq = ? AND status = '{PENDING}'",
        (seq,),
    ).fetchone()
    if row is None:
        return None
    found = Delivery(*row)
    return replace(found, record=_public_id(found.item, int(found.record)))


def _public_id(item: str, number: int) -> int | str:
    resource = next((found for found in RESOURCES.values() if found.webhook_item == item), None)
    return number if resource is None else identifiers.to_public(resource, number)


def record_attempt(
    connection: sqlite3.Connection,
    delivery: Delivery,
    *,
    status: str,
    now: float,
    due: float = 0.0,
    sent: int = 0,
    answered: int | None = None,
    error: str | None = None,
) -> None:
    """Store the result of an attempt, unless a reset has replaced the delivery meanwhile."""
    connection.execute(
        "UPDATE deliveries SET status = ?, due = ?, attempts = attempts + ?, answered = ?, error = ?, last = ?"
        " WHERE seq = ? AND at = ?",
        (status, due, sent, answered, error, now, delivery.seq, delivery.at),
    )
    if status != PENDING and delivery.seq % 1000 == 0:
        connection.execute(
            f"DELETE FROM deliveries WHERE seq <= ? AND status <> '{PENDING}'", (delivery.seq - MAX_ENTRIES,)
        )


def read(
    connection: sqlite3.Connection, since: int = 0, *, latest: int | None = None
) -> list[dict[str, Any]]:
    """Return the deliveries after number `since`, oldest first, or only the `latest` ones, newest first.

    Secrets are left out.
    """
    order = "DESC LIMIT ?" if latest is not None else "ASC"
    rows = connection.execute(
        "SELECT d.seq, at, o.name, subscription, url, item, action, record, hash, status, attempts, answered,"
        " error, last FROM deliveries d JOIN organizations o ON o.id = d.organization"
        f" WHERE seq > ? ORDER BY seq {order}",
        (since, latest) if latest is not None else (since,),
    )
    names = (
        *("seq", "at", "organization", "subscription", "url", "item", "action", "id", "hashValue"),
        *("status", "attempts", "answered", "error", "last_sent"),
    )
    entries = [dict(zip(names, row, strict=True)) for row in rows]
    for entry in entries:
        entry["id"] = _public_id(entry["item"], int(entry["id"]))
        for name in ("at", "last_sent"):
            if entry[name] is not None:
                entry[name] = dt.datetime.fromtimestamp(entry[name], dt.UTC).isoformat()
    return entries
