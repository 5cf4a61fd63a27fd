"""The queue of webhook deliveries: entered by triggers in the transaction of the change itself, so that none is
lost, and kept to be read.
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
KEPT = 20_000
_VERBS = (("create", "CREATED"), ("update", "UPDATED"), ("delete", "DELETED"))
_NOW = (
    "((julianday('now') - 2440587.5) * 86400"
    " + coalesce((SELECT value + 0.0 FROM meta WHERE name = 'clock_offset'), 0))"
)


@dataclass(frozen=True)
class Delivery:
    """One message on its way. Its secret is the one its subscription had when the change happened."""

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
        """What is sent, as JSON."""
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
    """The verbs that a resource can be watched for; none where it is no item."""
    if resource.webhook_item and resource.webhook_knows_updates_only:
        return ["UPDATED"]
    return [action for method, action in _VERBS if resource.webhook_item and method in resource.methods]


def watch(connection: sqlite3.Connection, resource: Resource) -> None:
    """From now on, enter a delivery for every subscription that a change of this resource concerns."""
    events = {"CREATED": "INSERT", "UPDATED": "UPDATE OF digest", "DELETED": "DELETE"}
    watched = [(events[action], action) for action in actions_of(resource)]
    if resource.webhook_item and resource.webhook_knows_updates_only:
        watched.append((events["CREATED"], "UPDATED"))
    for event, action in watched:
        row = "OLD" if event == "DELETE" else "NEW"
        name = f"{resource.table}_told_of_{event.partition(' ')[0].lower()}"
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
    """The numbers of what waits to be sent, oldest first; only what is due by a moment, if there is one.

    Whatever is due in more than an hour is due now: the clock was put back.
    """
    limit = "" if due is None else " AND (due <= ? OR due > ?)"
    found = connection.execute(
        f"SELECT seq FROM deliveries WHERE status = '{PENDING}'{limit} ORDER BY seq",
        () if due is None else (due, due + 3600),
    )
    return [row[0] for row in found]


def load(connection: sqlite3.Connection, seq: int) -> Delivery | None:
    """A delivery that still waits, or None."""
    row = connection.execute(
        "SELECT seq, at, url, item, action, record, hash, secret, attempts FROM deliveries"
        f" WHERE seq = ? AND status = '{PENDING}'",
        (seq,),
    ).fetchone()
    if row is None:
        return None
    found = Delivery(*row)
    return replace(found, record=_shown(found.item, int(found.record)))


def _shown(item: str, number: int) -> int | str:
    """The id of a record as its resource shows it."""
    resource = next((found for found in RESOURCES.values() if found.webhook_item == item), None)
    return number if resource is None else identifiers.show(resource, number)


def note(
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
    """Enter how a delivery went. It is left alone where a reset has put another one in its place."""
    connection.execute(
        "UPDATE deliveries SET status = ?, due = ?, attempts = attempts + ?, answered = ?, error = ?, last = ?"
        " WHERE seq = ? AND at = ?",
        (status, due, sent, answered, error, now, delivery.seq, delivery.at),
    )
    if status != PENDING and delivery.seq % 1000 == 0:
        connection.execute(
            f"DELETE FROM deliveries WHERE seq <= ? AND status <> '{PENDING}'", (delivery.seq - KEPT,)
        )


def read(
    connection: sqlite3.Connection, since: int = 0, *, latest: int | None = None
) -> list[dict[str, Any]]:
    """Deliveries after number `since`, oldest first; with `latest`, only that many, newest first. Never their
    secrets.
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
        entry["id"] = _shown(entry["item"], int(entry["id"]))
        for name in ("at", "last_sent"):
            if entry[name] is not None:
                entry[name] = dt.datetime.fromtimestamp(entry[name], dt.UTC).isoformat()
    return entries
