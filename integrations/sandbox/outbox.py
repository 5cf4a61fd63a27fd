"""The e-mails that campaigns would have sent: kept to be read, never sent."""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any

from .behaviour import Change


def start_campaigns(change: Change, groups: set[int]) -> None:
    """Put into the outbox what the campaigns of these groups send to a contact that has come into them."""
    attributes = change.record.attributes
    if not attributes.get("email") or attributes.get("ok_to_email") is False:
        return
    marks = ",".join("?" * len(groups))
    names = change.connection.execute(
        f"SELECT a_group_name FROM contact_groups WHERE id IN ({marks}) ORDER BY id", tuple(groups)
    )
    for (name,) in names.fetchall():
        subject = change.organization.campaigns.get(name)
        if subject:
            change.connection.execute(
                "INSERT INTO outbox (at, organization, contact, recipient, campaign, subject)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (change.now, change.organization.id, change.record.id, attributes["email"], name, subject),
            )


def read(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Every e-mail, oldest first."""
    rows = connection.execute(
        "SELECT seq, at, name, contact, recipient, campaign, subject FROM outbox"
        " JOIN organizations ON organizations.id = outbox.organization ORDER BY seq"
    )
    names = ("seq", "at", "organization", "contact", "to", "campaign", "subject")
    mails = [dict(zip(names, row, strict=True)) for row in rows]
    for mail in mails:
        mail["at"] = dt.datetime.fromtimestamp(mail["at"], dt.UTC).isoformat()
    return mails
