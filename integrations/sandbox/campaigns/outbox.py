"""The outbox: emails that campaigns would have sent. They are kept to be read and never sent.

A campaign starts when a contact joins a group, answers a survey or gets an insight. Each organization has its own
campaigns. A campaign sends one email, unless the contact must not be emailed.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection
from typing import Any

from ..engine import activities
from ..engine.schema import values
from ..engine.schema.hooks import Change

GROUPS, SURVEYS, INSIGHTS = "contact-groups", "contact-surveys", "insight-types"
_NAME_FIELDS = {GROUPS: "group_name", SURVEYS: "survey_name", INSIGHTS: "type"}


def start_campaigns(
    change: Change,
    path: str,
    triggers: Collection[int | None],
    contact: int | None,
    table: str = "contacts",
) -> None:
    """Add the emails that campaigns send to a contact.

    `path` is `GROUPS`, `SURVEYS` or `INSIGHTS`. `triggers` are the ids of the records of that resource that start
    campaigns, e.g. the groups that the contact joined. `table` is the table of the contact.
    """
    subjects = change.organization.campaigns.get(path, {})
    recipient = _recipient(change.connection, table, contact)
    if not subjects or recipient is None:
        return
    marks = ",".join("?" * len(triggers))
    names = change.connection.execute(
        f"SELECT a_{_NAME_FIELDS[path]} FROM {path.replace('-', '_')} WHERE id IN ({marks}) ORDER BY id",
        tuple(triggers),
    )
    for (name,) in names.fetchall():
        if name in subjects:
            change.connection.execute(
                "INSERT INTO outbox (at, organization, contact, recipient, campaign, subject)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (change.now, change.organization.id, contact, recipient, name, subjects[name]),
            )
            if contact is not None and table == "contacts":
                activities.add(
                    change.connection,
                    change.organization.id,
                    contact,
                    now=change.now,
                    type=activities.EMAIL,
                    title=subjects[name],
                    details=f"Campaign: {name}",
                )


def is_suppressed(payload: dict[str, Any]) -> bool:
    """Return whether a write of a contact asks not to send emails."""
    options = payload.get("options")
    return isinstance(options, dict) and values.parse_boolean(options.get("suppress_emails")) is True


def _recipient(connection: sqlite3.Connection, table: str, contact: int | None) -> str | None:
    """Return the address of a contact, or None if the contact must not be emailed."""
    row = connection.execute(
        f"SELECT c.attributes, c.organization, c.owner, u.a_email FROM {table} c JOIN users u ON u.id = c.owner"
        " WHERE c.id = ? AND c.archived = 0 AND u.a_status IS NOT 0",
        (contact,),
    ).fetchone()
    if row is None:
        return None
    attributes: dict[str, Any] = json.loads(row[0])
    email = attributes.get("email")
    silenced = (attributes.get("preferences") or {}).get("is_silenced")
    if not email or attributes.get("ok_to_email") is False or silenced:
        return None
    return None if _is_unsubscribed(connection, email, *row[1:]) else str(email)


def _is_unsubscribed(
    connection: sqlite3.Connection, email: str, organization: int, owner: int, sender: str
) -> bool:
    """Return whether an address has unsubscribed from an organization, an owner, or the sender's domain."""
    found = connection.execute(
        "SELECT 1 FROM email_unsubscribes e WHERE e.organization = ? AND e.a_email = ?"
        " AND (e.a_organization_wide = 1"
        " OR EXISTS (SELECT 1 FROM email_unsubscribes__users WHERE record = e.id AND target = ?)"
        " OR EXISTS (SELECT 1 FROM email_unsubscribes__domains l JOIN email_domains d ON d.id = l.target"
        " WHERE l.record = e.id AND d.a_domain_name = ?))",
        (organization, email, owner, sender.rpartition("@")[2]),
    ).fetchone()
    return found is not None


def read(connection: sqlite3.Connection, *, latest: int | None = None) -> list[dict[str, Any]]:
    """Return all emails, oldest first, or only the `latest` ones, newest first."""
    order = "ASC" if latest is None else f"DESC LIMIT {latest:d}"
    rows = connection.execute(
        "SELECT seq, at, name, contact, recipient, campaign, subject FROM outbox"
        " JOIN organizations ON organizations.id = outbox.organization"
        f" ORDER BY seq {order}"
    )
    names = ("seq", "at", "organization", "contact", "to", "campaign", "subject")
    emails = [dict(zip(names, row, strict=True)) for row in rows]
    for email in emails:
        email["at"] = dt.datetime.fromtimestamp(email["at"], dt.UTC).isoformat()
    return emails
