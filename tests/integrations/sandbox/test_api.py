"""Paths, methods and bodies: what every resource accepts and rejects."""

import pytest

from tests.integrations.sandbox.clients import BASE, CEDAR, Caller, InProcessSandbox, ada


def test_the_heartbeat_needs_no_token(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().get(f"{BASE}/v1/heartbeat", timeout=5)
    assert (response.status_code, response.json()) == (200, {"running_item": "Total Expert External API"})


def test_the_teapot_needs_a_token(admin: Caller) -> None:
    response = admin.call("GET", "teapot")
    assert response.status_code == 418
    assert response.json() == {"code": "418 I'm a teapot", "status": "short and stout"}


@pytest.mark.parametrize(
    "path", ["nothing", "contacts/1", "contacts/abc", "contacts/1/2", "schema/custom-fields/1"]
)
def test_an_unknown_path_or_id_is_not_found(admin: Caller, path: str) -> None:
    response = admin.call("GET", path)
    assert response.status_code == 404
    assert "error" in response.json()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "contacts/1"),
        ("PUT", "contacts/1"),
        ("DELETE", "contacts"),
        ("PATCH", "contact-groups"),
        ("DELETE", "users/1001"),
        ("POST", "schema/custom-fields"),
        ("POST", "teapot"),
    ],
)
def test_a_wrong_method_is_rejected(admin: Caller, method: str, path: str) -> None:
    response = admin.call(method, path, json={})
    assert response.status_code == 405
    assert response.headers["Allow"]
    assert "error" in response.json()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_write_that_is_not_json_is_rejected(admin: Caller, kind: str) -> None:
    response = admin.call("POST", "contacts", data=b"first_name=Ada", headers={"Content-Type": kind})
    assert response.status_code == 415


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "media/json"])
def test_json_content_types_are_accepted(admin: Caller, kind: str) -> None:
    response = admin.call("POST", "contacts", data=b"{}", headers={"Content-Type": kind})
    assert response.status_code == 422


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b"\xff", b'{"title": NaN}', b'{"title": "\\ud800"}']
)
def test_invalid_json_is_rejected(admin: Caller, body: bytes) -> None:
    response = admin.call("POST", "contacts", data=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400


def test_json_that_is_not_an_object_is_rejected(admin: Caller) -> None:
    assert admin.call("POST", "contacts", json=[1]).status_code == 422


@pytest.mark.parametrize("path", ["//v1/contacts", "/v1//contacts/", "/v1/contacts/", "//v1//contacts//"])
def test_double_and_trailing_slashes_are_tolerated(
    sandbox: InProcessSandbox, admin: Caller, path: str
) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}
    response = sandbox.session().get(f"{BASE}{path}", headers=headers, timeout=5)
    assert response.status_code == 200
    assert len(response.json()["items"]) == 10


def test_other_organizations_records_are_not_found(sandbox: InProcessSandbox, admin: Caller) -> None:
    other = sandbox.admin("Bluewater Mortgage")
    id = other.get("contacts")["items"][0]["id"]
    for method in ("GET", "PATCH", "DELETE"):
        assert admin.call(method, f"contacts/{id}", json={}).status_code == 404
    assert other.get(f"contacts/{id}")["id"] == id


def test_a_user_sees_and_changes_only_their_own_records(sandbox: InProcessSandbox, admin: Caller) -> None:
    user, colleague = sandbox.officers()[:2]
    caller = sandbox.user(user)
    mine = {item["id"] for item in admin.items("contacts", filter=f"owner_id={user['id']}")}
    theirs = admin.items("contacts", filter=f"owner_id={colleague['id']}")[0]["id"]
    assert {item["id"] for item in caller.items("contacts")} == mine
    for method in ("GET", "PATCH", "DELETE"):
        assert caller.call(method, f"contacts/{theirs}", json={}).status_code == 404


def test_an_admin_users_token_sees_only_their_own_records(sandbox: InProcessSandbox) -> None:
    boss = next(user for user in sandbox.organization(CEDAR)["users"] if user["admin"])
    assert sandbox.user(boss).get("contacts")["items"] == []


def test_a_head_request_has_the_status_and_no_body(admin: Caller) -> None:
    response = admin.call("HEAD", "contacts")
    assert (response.status_code, response.content) == (200, b"")


def test_ids_ascend_across_organizations_and_are_never_reused(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    owner, other = sandbox.officers()[0], sandbox.officers("Bluewater Mortgage")[0]
    first = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    assert admin.delete(f"contacts/{first}").status_code == 200
    second = sandbox.admin("Bluewater Mortgage").create(
        "contact-groups", group_name="x", owner={"id": other["id"]}
    )
    assert second.status_code == 201
    again = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    assert again > first


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("contacts", "GET, PATCH, POST"),
        ("contacts/1", "DELETE, GET, PATCH"),
        ("email-templates/render", "POST"),
        ("leads/1", "GET, PATCH"),
        ("heartbeat", "GET"),
        ("authorize", "GET, POST"),
    ],
)
def test_a_wrong_method_lists_the_allowed_ones(admin: Caller, path: str, allowed: str) -> None:
    assert admin.call("PUT", path, json={}).headers["Allow"] == allowed
