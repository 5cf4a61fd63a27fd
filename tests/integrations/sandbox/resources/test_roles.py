"""Roles and permissions: the documented requests, for admins of one organization."""

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox


def test_roles_are_listed_and_shown(admin: Caller) -> None:
    page = admin.get("user-roles", **{"page[number]": 1, "page[size]": 10})
    assert page["links"] == {"first": 1, "last": 1, "next": None, "prev": None}
    assert {role["role_name"] for role in page["items"]} >= {"Organization Admin", "Loan Officer"}
    for role in page["items"]:
        assert set(role) == {"id", "role_name"}
        assert admin.get(f"user-roles/{role['id']}") == role


def test_a_role_shows_its_permissions(admin: Caller) -> None:
    roles = {role["role_name"]: role["id"] for role in admin.items("user-roles")}
    officer = admin.get(f"role-permissions/{roles['Loan Officer']}")
    assert officer["role_name"] == "Loan Officer"
    known = {(permission["id"], permission["permission_name"]) for permission in admin.items("permissions")}
    assert officer["permissions"]
    assert {(held["id"], held["permission_name"]) for held in officer["permissions"]} < known
    assert len(admin.get(f"role-permissions/{roles['Organization Admin']}")["permissions"]) == len(known)


def test_a_permission_is_shown(admin: Caller) -> None:
    first = admin.items("permissions")[0]
    assert admin.get(f"permissions/{first['id']}") == first
    assert set(first) == {"id", "permission_name", "description"}


@pytest.mark.parametrize("path", ["user-roles", "permissions", "teams"])
def test_roles_are_hidden_from_users_and_other_organizations(
    sandbox: InProcessSandbox, admin: Caller, path: str
) -> None:
    theirs = sandbox.admin(BLUEWATER).items(path)[0]["id"]
    assert admin.call("GET", f"{path}/{theirs}").status_code == 404
    user = sandbox.user(sandbox.officers()[0], scope="getUsers")
    rejected = user.call("GET", path)
    assert (rejected.status_code, rejected.json()["error"]) == (401, "insufficient_scope")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "user-roles"),
        ("PATCH", "user-roles/201"),
        ("DELETE", "permissions/301"),
        ("DELETE", "role-permissions/201"),
    ],
)
def test_roles_and_permissions_are_read_only(admin: Caller, method: str, path: str) -> None:
    assert admin.call(method, path, json={}).status_code == 405
    assert admin.call("POST", "role-permissions", json={}).status_code == 404  # there is no list
