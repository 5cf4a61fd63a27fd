"""POST /v1/user-images: upload a user's picture."""

from __future__ import annotations

import hashlib
import sqlite3

from ..engine.errors import ApiError, not_found
from ..engine.responses import ApiResponse
from ..engine.schema import values
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from ..engine.storage import records
from ..engine.storage.tables import next_id
from .endpoint import MAX_BODY, ApiRequest, Endpoint

_SIGNATURES = {
    "image/jpeg": ("jpg", (b"\xff\xd8\xff",)),
    "image/png": ("png", (b"\x89PNG\r\n\x1a\n",)),
    "image/gif": ("gif", (b"GIF87a", b"GIF89a")),
}


def upload(connection: sqlite3.Connection, request: ApiRequest) -> ApiResponse:
    """Store an image of a user. Raise `ApiError` (400, 404, 422)."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _SIGNATURES:
        raise ApiError(400, "Content-Type must be image/jpeg, image/png or image/gif")
    user = _user(request.headers.get("X-User-Id"))
    if not request.body:
        raise ApiError(400, "The request body is empty")
    if len(request.body) > MAX_BODY:
        raise ApiError(400, "The file is larger than 5 MB")
    _require_active(connection, request.organization, user)
    extension, signatures = _SIGNATURES[kind]
    if not request.body.startswith(signatures):
        raise ApiError(422, "The file does not match its Content-Type")
    return ApiResponse(201, _store(connection, request, user, extension))


def _user(text: str | None) -> int:
    if text is None or not text.strip():
        raise ApiError(400, "The header X-User-Id is missing")
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 19):
        raise ApiError(400, "The header X-User-Id must be an integer")
    return int(text)


def _require_active(connection: sqlite3.Connection, organization: int, user: int) -> None:
    query = "SELECT 1 FROM users WHERE id = ? AND organization = ? AND a_status = 1"
    if connection.execute(query, (user, organization)).fetchone() is None:
        raise not_found()


def _store(
    connection: sqlite3.Connection, request: ApiRequest, user: int, extension: str
) -> dict[str, object]:
    resource = RESOURCES["user-images"]
    number = next_id(connection, resource)
    name = hashlib.blake2b(b"%d " % number + request.body, digest_size=16).hexdigest()
    filename = f"{name}.{extension}"
    timestamp = values.format_timestamp(request.now)
    attributes = {
        "user_id": user,
        "url": f"https://images.example/users/{user}/{filename}",
        "filename": filename,
    }
    records.insert(
        connection,
        resource,
        Record(number, request.organization, None, dict(attributes), timestamp, timestamp),
    )
    return {"id": number, **attributes, "created_on": timestamp}


USER_IMAGES = Endpoint(
    path="user-images",
    scopes=("emailInteraction",),
    collection={"POST": upload},
    binary_body=True,
    assumptions=(
        "An upload returns 201. The image itself is not stored, so its `url` doesn't work.",
        "A caller can upload for every user of the organization.",
    ),
)
