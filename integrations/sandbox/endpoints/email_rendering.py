"""POST /v1/email-templates/render: an email template, or HTML, with its placeholders filled in."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from typing import Any

from ..engine.errors import ApiError, not_found
from ..engine.responses import ApiResponse
from ..engine.schema.registry import RESOURCES
from ..engine.storage import records
from .endpoint import ApiRequest, Endpoint

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")


def render(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Return the rendered HTML and subject. Raise `ApiError` (400, 404)."""
    payload = request.payload
    content = payload.get("content") if isinstance(payload.get("content"), dict) else {}
    body, subject = _template(connection, request, content or {})
    sender = _record(connection, request, "sender_id", "users", payload.get("sender_id"))
    if sender is None:
        raise ApiError(400, "sender_id is required and must be a positive integer")
    recipient = _recipient(connection, request)
    values = _placeholders(connection, request, sender, recipient)
    rendered = {
        "recipient_id": recipient["id"] if recipient else None,
        "rendered_html": _fill(body, {name: html.escape(text) for name, text in values.items()}),
        "rendered_subject": _fill(subject, values),
    }
    return ApiResponse(200, {"results": [rendered]})


def _template(
    connection: sqlite3.Connection, request: ApiRequest, content: dict[str, Any]
) -> tuple[str, str]:
    body, subject = content.get("html"), content.get("subject")
    id = request.payload.get("id")
    if id is None:
        if not isinstance(body, str) or not body:
            raise ApiError(400, "Either id or content.html must be provided")
        return body, str(subject or "")
    number = _positive("id", id)
    row = connection.execute(
        "SELECT attributes FROM email_templates WHERE id = ? AND organization = ?",
        (number, request.organization),
    ).fetchone()
    if row is None:
        raise not_found()
    saved = json.loads(row[0])
    return str(body or saved["html"]), str(subject or saved["subject"])


def _positive(name: str, value: Any) -> int:
    text = str(value).strip()
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise ApiError(400, f"{name} must be a positive integer")
    return int(text)


def _record(
    connection: sqlite3.Connection, request: ApiRequest, name: str, table: str, value: Any
) -> dict[str, Any] | None:
    """Return the attributes of the record with this id, or None if no id was sent."""
    if value is None:
        return None
    number = _positive(name, value)
    # A user's token can only use that user's records.
    record = records.load(connection, RESOURCES[table], request.organization, request.caller.user, number)
    if record is None:
        raise ApiError(400, f"{name} does not belong to the organization")
    return record.attributes


def _recipient(connection: sqlite3.Connection, request: ApiRequest) -> dict[str, Any] | None:
    given = request.payload.get("recipient")
    if given is None:
        return None
    if not isinstance(given, dict) or given.get("id") is None:
        raise ApiError(400, "recipient must be an object with an id")
    return _record(connection, request, "recipient.id", "contacts", given["id"])


def _placeholders(
    connection: sqlite3.Connection,
    request: ApiRequest,
    sender: dict[str, Any],
    recipient: dict[str, Any] | None,
) -> dict[str, str]:
    payload = request.payload
    if payload.get("loan_id") is not None and payload.get("account_id") is not None:
        raise ApiError(400, "loan_id and account_id cannot be combined")
    loan = _record(connection, request, "loan_id", "loans", payload.get("loan_id"))
    account = _record(connection, request, "account_id", "accounts", payload.get("account_id"))
    other = _record(connection, request, "comarketer_id", "users", payload.get("comarketer_id"))
    if other is not None and other["id"] == sender["id"]:
        raise ApiError(400, "comarketer_id is not a comarketer of the sender")
    values = dict(recipient or {})
    for record in (loan, account):
        values |= {name: value for name, value in (record or {}).items() if name not in ("id", "address")}
    for prefix, user in (("sender", sender), ("comarketer", other)):
        if user is not None:
            values |= {f"{prefix}_{name}": value for name, value in user["info"].items()}
            values[f"{prefix}_email"] = user["email"]
    return {name: str(value) for name, value in values.items() if isinstance(value, (str, int, float))}


def _fill(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), text)


EMAIL_RENDERING = Endpoint(
    path="email-templates/render",
    scopes=("emailInteraction",),
    collection={"POST": render},
    assumptions=(
        "Placeholders are the attributes of a contact, loan or account, and of a user with the prefix `sender_` or"
        " `comarketer_`. Unknown and empty ones are removed.",
        "Every other user of the organization is a comarketer of the sender.",
        "`video` and `odc_push_result_id` are accepted and have no effect.",
        "There is no URL that lists templates. Each organization starts with two; the first one's id is 2001.",
    ),
)
