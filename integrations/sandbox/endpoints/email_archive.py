"""GET /v1/email-archive/ID: the content of an e-mail that a campaign has sent, which is one of the outbox."""

from __future__ import annotations

import html
import re
import sqlite3

from ..engine.responses import Answer, Refusal, not_found
from .endpoint import Asked, Endpoint


def without_id(connection: sqlite3.Connection, asked: Asked) -> Answer:
    """Refuse a request that names no message."""
    raise Refusal(400, "The message id is missing")


def fetch(connection: sqlite3.Connection, asked: Asked) -> Answer:
    """One message. Raises `Refusal` (400, 404)."""
    parsed = re.fullmatch(r"(?:id-(\d{1,18})-)?(\d{1,18})", asked.id)
    if parsed is None:
        raise Refusal(400, "The message id must be an integer, or id-{organization}-{message}")
    user = _user(asked.arguments.get("filter", ""))
    query = "SELECT 1 FROM users WHERE id = ? AND organization = ?"
    if connection.execute(query, (user, asked.organization)).fetchone() is None:
        raise Refusal(400, "The user of the filter does not exist in the organization")
    organization, message = parsed[1], int(parsed[2])
    if organization is not None and int(organization) != asked.organization:
        raise not_found()
    row = connection.execute(
        "SELECT subject, campaign FROM outbox WHERE seq = ? AND organization = ?",
        (message, asked.organization),
    ).fetchone()
    if row is None:
        raise not_found()
    subject, campaign = (html.escape(text) for text in row)
    content = f"<html><body><h1>{subject}</h1><p>Sent by the campaign of {campaign}.</p></body></html>"
    links = {"first": 1, "last": 1, "next": None, "prev": None}
    return Answer(200, {"items": {"file_name": asked.id, "content": content}, "links": links})


def _user(filter: str) -> int:
    found = {name.strip(): value.strip() for name, _, value in (p.partition("=") for p in filter.split(","))}
    user = found.get("user_id", "")
    if not re.fullmatch(r"\d{1,18}", user):
        raise Refusal(400, "The filter must name a numeric user_id")
    return int(user)


EMAIL_ARCHIVE = Endpoint(
    path="email-archive",
    scopes=("emailInteraction",),
    collection={"GET": without_id},
    item={"GET": fetch},
    guesses=(
        "The archive holds the e-mails of campaigns: a message's id is its number in the outbox.",
        "The user of the filter has to belong to the organization, not to have sent the message.",
    ),
)
