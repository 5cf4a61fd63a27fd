"""The e-mails that campaigns would have sent: kept to be read, never sent.

A campaign starts when a contact comes into a group, answers a survey or gets an insight; which of those have one is
part of the organization. Each entry sends one e-mail, unless the contact must not be written to.
"""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
from collections.abc import Collection
from typing import Any

from . import activities, values
from .behaviour import Change

GROUPS, SURVEYS, INSIGHTS = "contact-groups", "contact-surveys", "insight-types"
_NAMED_BY = {GROUPS: "group_name", SURVEYS: "survey_name", INSIGHTS: "type"}


def start(
    change: Change, what: str, entered: Collection[int | None], contact: int | None, table: str = "contacts"
) -> None:
    """Put into the outbox what campaigns send to a contact that has come into something.

    `what` is one of the three resources that may have campaigns, `entered` the numbers of its records, `table`
    where the contact is.
    """
    subjects = change.organization.campaigns.get(what, {})
    recipient = _recipient(change.connection, table, contact)
    if not subjects or recipient is None:
        return
    marks = ",".join("?" * len(entered))
    names = change.connection.execute(
        f"SELECT a_{_NAMED_BY[what]} FROM {what.replace('-', '_')} WHERE id IN ({marks}) ORDER BY id",
        tuple(entered),
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
    """Whether a write of a contact asks to hold back the e-mails it would cause."""
    options = payload.get("options")
    return isinstance(options, dict) and values.flag(options.get("suppress_emails")) is True


def _recipient(connection: sqlite3.Connection, table: str, contact: int | None) -> str | None:
    """The address of a contact who may be written to."""
    row = connection.execute(
        f"SELECT attributes, organization FROM {table} WHERE id = ? AND archived = 0", (contact,)
    ).fetchone()
    attributes: dict[str, Any] = json.loads(row[0]) if row else {}
    silenced = (attributes.get("preferences") or {}).get("is_silenced")
    if not attributes.get("email") or attributes.get("ok_to_email") is False or silenced:
        return None
    return str(attributes["email"])


def read(connection: sqlite3.Connection, *, latest: int | None = None) -> list[dict[str, Any]]:
    """Every e-mail, oldest first; with `latest`, only that many, newest first."""
    order = "ASC" if latest is None else f"DESC LIMIT {latest:d}"
    rows = connection.execute(
        "SELECT seq, at, name, contact, recipient, campaign, subject FROM outbox"
        " JOIN organizations ON organizations.id = outbox.organization"
        f" ORDER BY seq {order}"
    )
    names = ("seq", "at", "organization", "contact", "to", "campaign", "subject")
    mails = [dict(zip(names, row, strict=True)) for row in rows]
    for mail in mails:
        mail["at"] = dt.datetime.fromtimestamp(mail["at"], dt.UTC).isoformat()
    return mails
