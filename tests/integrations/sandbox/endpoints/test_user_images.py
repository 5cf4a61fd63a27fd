"""Uploading user images: what is accepted, and every documented error."""

import re
from typing import Any

import pytest
import requests

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

PICTURES = {
    "image/jpeg": (b"\xff\xd8\xff\xe0 picture", "jpg"),
    "image/png": (b"\x89PNG\r\n\x1a\n picture", "png"),
    "image/gif": (b"GIF89a picture", "gif"),
}
LARGEST = 5 * 1024 * 1024


def upload(
    caller: Caller, user: Any, data: bytes = b"GIF87a picture", kind: str = "image/gif"
) -> requests.Response:
    headers = {"Content-Type": kind, "X-User-Id": str(user)}
    return caller.call("POST", "user-images", data=data, headers=headers)


@pytest.mark.parametrize("kind", PICTURES)
def test_an_image_is_accepted(admin: Caller, owner: dict[str, Any], kind: str) -> None:
    data, extension = PICTURES[kind]
    response = upload(admin, owner["id"], data, kind)
    assert response.status_code == 201
    told = response.json()
    assert set(told) == {"id", "user_id", "url", "filename", "created_on"}
    assert told["user_id"] == owner["id"]
    assert told["filename"].endswith(f".{extension}")
    assert told["url"].endswith(told["filename"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told["created_on"])
    assert upload(admin, owner["id"], data, kind).json()["filename"] != told["filename"]


@pytest.mark.parametrize(
    ("headers", "data"),
    [
        ({"X-User-Id": "1002"}, b"GIF89a"),
        ({"X-User-Id": "1002", "Content-Type": "image/tiff"}, b"GIF89a"),
        ({"Content-Type": "image/gif"}, b"GIF89a"),
        ({"X-User-Id": "me", "Content-Type": "image/gif"}, b"GIF89a"),
        ({"X-User-Id": "1002", "Content-Type": "image/gif"}, b""),
        ({"X-User-Id": "1002", "Content-Type": "image/gif"}, b"GIF89a" + bytes(LARGEST)),
    ],
)
def test_invalid_requests_return_400(admin: Caller, headers: dict[str, str], data: bytes) -> None:
    rejected = admin.call("POST", "user-images", data=data, headers=headers)
    assert rejected.status_code == 400
    assert rejected.json()["error"]


def test_an_image_of_the_maximum_size_is_accepted(admin: Caller, owner: dict[str, Any]) -> None:
    assert upload(admin, owner["id"], b"GIF89a" + bytes(LARGEST - 6)).status_code == 201


def test_unknown_inactive_and_other_organizations_users_are_not_found(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    inactive = next(user for user in sandbox.organization()["users"] if not user["active"])
    for user in (3, inactive["id"], sandbox.officers(BLUEWATER)[0]["id"]):
        assert upload(admin, user).status_code == 404


def test_a_file_of_another_type_is_rejected(admin: Caller, owner: dict[str, Any]) -> None:
    assert upload(admin, owner["id"], PICTURES["image/png"][0], "image/jpeg").status_code == 422


def test_the_scope_is_required_and_images_cannot_be_read(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    assert upload(sandbox.user(owner), owner["id"]).status_code == 401
    mine = sandbox.user(owner, scope="emailInteraction")
    assert upload(mine, owner["id"]).status_code == 201
    assert mine.call("GET", "user-images").status_code == 405
