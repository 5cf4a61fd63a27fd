"""POST /v1/user-images: uploading a picture for a user, as bytes."""

from __future__ import annotations

import hashlib
import sqlite3

from ..engine.responses import Answer, Refusal, not_found
from ..engine.schema import values
from ..engine.schema.record import Record
from ..engine.schema.registry import RESOURCES
from ..engine.storage import records
from ..engine.storage.tables import next_id
from .endpoint import LARGEST_BODY, Asked, Endpoint

_BEGINNINGS = {
    "image/jpeg": ("jpg", (b"\xff\xd8\xff",)),
    "image/png": ("png", (b"\x89PNG\r\n\x1a\n",)),
    "image/gif": ("gif", (b"GIF87a", b"GIF89a")),
}


def upload(connection: sqlite3.Connection, asked: Asked) -> Answer:
    """Note an image of a user. Raises `Refusal` (400, 404, 422)."""
    kind = asked.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in _BEGINNINGS:
        raise Refusal(400, "Content-Type must be image/jpeg, image/png or image/gif")
    user = _user(asked.headers.get("X-User-Id"))
    if not asked.body:
        raise Refusal(400, "The request body is empty")
    if len(asked.body) > LARGEST_BODY:
        raise Refusal(400, "The file is larger than 5 MB")
    _require_active(connection, asked.organization, user)
    extension, beginnings = _BEGINNINGS[kind]
    if not asked.body.startswith(beginnings):
        raise Refusal(422, "The file does not match its Content-Type")
    return Answer(201, _store(connection, asked, user, extension))


def _user(text: str | None) -> int:
    if text is None or not text.strip():
        raise Refusal(400, "The header X-User-Id is missing")
    if not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 19):
        raise Refusal(400, "The header X-User-Id must be an integer")
    return int(text)


def _require_active(connection: sqlite3.Connection, organization: int, user: int) -> None:
    query = "SELECT 1 FROM users WHERE id = ? AND organization = ? AND a_status = 1"
    if connection.execute(query, (user, organization)).fetchone() is None:
        raise not_found()


def _store(connection: sqlite3.Connection, asked: Asked, user: int, extension: str) -> dict[str, object]:
    resource = RESOURCES["user-images"]
    number = next_id(connection, resource)
    name = hashlib.blake2b(b"%d " % number + asked.body, digest_size=16).hexdigest()
    filename = f"{name}.{extension}"
    stamp = values.stamp_of(asked.now)
    attributes = {
        "user_id": user,
        "url": f"https://images.example/users/{user}/{filename}",
        "filename": filename,
    }
    records.insert(
        connection, resource, Record(number, asked.organization, None, dict(attributes), stamp, stamp)
    )
    return {"id": number, **attributes, "created_on": stamp}


USER_IMAGES = Endpoint(
    path="user-images",
    scopes=("emailInteraction",),
    collection={"POST": upload},
    takes_bytes=True,
    guesses=(
        "An upload answers 201. The image itself is not kept: its `url` leads nowhere.",
        "A caller may upload for every user of the organization.",
    ),
)
