"""GET /v1/email-archive/ID: the content of an email in the outbox."""

from __future__ import annotations

import html
import re
import sqlite3

from ..engine.errors import ApiError, not_found
from ..engine.responses import ApiResponse
from .endpoint import ApiRequest, Endpoint


def reject_missing_id(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Reject a request without a message id."""
    raise ApiError(400, "The message id is missing")


def fetch(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Return one message. Raise `ApiError` (400, 404)."""
    parsed = re.fullmatch(r"(?:id-(\d{1,18})-)?(\d{1,18})", request.id)
    if parsed is None:
        raise ApiError(400, "The message id must be an integer, or id-{organization}-{message}")
    user = _user(request.arguments.get("filter", ""))
    query = "SELECT 1 FROM users WHERE id = ? AND organization = ?"
    if connection.execute(query, (user, request.organization)).fetchone() is None:
        raise ApiError(400, "The user of the filter does not exist in the organization")
    organization, message = parsed[1], int(parsed[2])
    if organization is not None and int(organization) != request.organization:
        raise not_found()
    row = connection.execute(
        "SELECT subject, campaign FROM outbox WHERE seq = ? AND organization = ?",
        (message, request.organization),
    ).fetchone()
    if row is None:
        raise not_found()
    subject, campaign = (html.escape(text) for text in row)
    content = f"<html><body><h1>{subject}</h1><p>Sent by the campaign of {campaign}.</p></body></html>"
    links = {"first": 1, "last": 1, "next": None, "prev": None}
    return ApiResponse(200, {"items": {"file_name": request.id, "content": content}, "links": links})


def _user(filter: str) -> int:
    found = {name.strip(): value.strip() for name, _, value in (p.partition("=") for p in filter.split(","))}
    user = found.get("user_id", "")
    if not re.fullmatch(r"\d{1,18}", user):
        raise ApiError(400, "The filter must name a numeric user_id")
    return int(user)


EMAIL_ARCHIVE = Endpoint(
    path="email-archive",
    scopes=("emailInteraction",),
    collection={"GET": reject_missing_id},
    item={"GET": fetch},
    assumptions=(
        "The archive holds campaign emails. A message's id is its number in the outbox.",
        "The filter's user must belong to the organization, but need not have sent the message.",
    ),
)
