"""The email archive: both forms of ids, and every documented error."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada


@pytest.fixture
def message(sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]) -> int:
    """The id of an email that a campaign has sent."""
    body = ada(owner={"id": owner["id"]}, contact_groups=[{"group_name": "Pre-Approved"}])
    assert admin.create("contacts", **body).status_code == 201
    return int(sandbox.get_control("outbox")[-1]["seq"])


@pytest.mark.parametrize("form", ["{}", "id-1-{}"])
def test_a_message_is_found_by_either_id(
    admin: Caller, owner: dict[str, Any], message: int, form: str
) -> None:
    id = form.format(message)
    response = admin.get(f"email-archive/{id}", filter=f"user_id={owner['id']}")
    assert response["links"] == {"first": 1, "last": 1, "next": None, "prev": None}
    assert set(response["items"]) == {"file_name", "content"}
    assert response["items"]["file_name"] == id
    assert "You are pre-approved" in response["items"]["content"]


@pytest.mark.parametrize(
    ("id", "filter", "status"),
    [
        ("{message}", "", 400),
        ("{message}", "user_id=me", 400),
        ("{message}", "user_id=3", 400),
        ("{message}", "user_id={foreign}", 400),
        ("id-x-{message}", "user_id={user}", 400),
        ("nonsense", "user_id={user}", 400),
        ("id-2-{message}", "user_id={user}", 404),
        ("987654", "user_id={user}", 404),
    ],
)
def test_invalid_requests_are_rejected(
    sandbox: InProcessSandbox,
    admin: Caller,
    owner: dict[str, Any],
    message: int,
    id: str,
    filter: str,
    status: int,
) -> None:
    names = {"message": message, "user": owner["id"], "foreign": sandbox.officers(BLUEWATER)[0]["id"]}
    path = f"email-archive/{id.format(**names)}"
    rejected = admin.call("GET", path, params={"filter": filter.format(**names)})
    assert rejected.status_code == status
    assert rejected.json()["error"]


def test_an_id_is_required(admin: Caller) -> None:
    assert admin.call("GET", "email-archive").status_code == 400


def test_other_organizations_messages_are_not_found(sandbox: InProcessSandbox, message: int) -> None:
    filter = f"user_id={sandbox.officers(BLUEWATER)[0]['id']}"
    theirs = sandbox.admin(BLUEWATER)
    assert theirs.call("GET", f"email-archive/{message}", params={"filter": filter}).status_code == 404
    own = theirs.call("GET", f"email-archive/id-2-{message}", params={"filter": filter})
    assert own.status_code == 404


def test_the_archive_is_read_only_and_needs_its_scope(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], message: int
) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        assert admin.call(method, f"email-archive/{message}", json={}).status_code == 405
    assert sandbox.user(owner).call("GET", f"email-archive/{message}").status_code == 401
