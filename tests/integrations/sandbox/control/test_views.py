"""The control endpoints, and resetting the sandbox."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BASE, REDIRECT_URI, Caller, InProcessSandbox, ada


def test_credentials_have_the_documented_shape(sandbox: InProcessSandbox) -> None:
    assert set(sandbox.credentials) == {"organizations", "application"}
    assert sandbox.credentials["application"]["redirect_uris"] == [REDIRECT_URI]
    assert [row["name"] for row in sandbox.credentials["organizations"]] == [
        "Cedar Home Lending",
        "Bluewater Mortgage",
    ]
    for row in sandbox.credentials["organizations"]:
        assert {"name", "client_id", "client_secret", "required_groups", "users"} <= set(row)
        for user in row["users"]:
            assert {"id", "username", "email", "external_id", "password", "admin"} <= set(user)


def test_moving_the_clock_changes_the_times_of_change(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    assert sandbox.post_control("clock", {"advance": 86400 * 400})["offset"] == 86400 * 400
    assert sandbox.get_control("clock")["now"][:4] in sandbox.get_control("state")["now"]
    fresh = sandbox.admin()
    id = fresh.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    assert fresh.get(f"contacts/{id}")["internal_created_at"][:10] == sandbox.get_control("clock")["now"][:10]


@pytest.mark.parametrize("body", [None, {}, {"advance": "1"}, {"advance": True}, [1]])
def test_the_clock_needs_a_number(sandbox: InProcessSandbox, body: Any) -> None:
    assert sandbox.session().post(f"{BASE}/_sandbox/clock", json=body, timeout=5).status_code == 422


def test_a_reset_restores_the_seed_data(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    seeded = sandbox.get_control("state")["organizations"]
    groups = [{"group_name": "Newsletter"}]
    admin.create("contacts", **ada(owner={"id": owner["id"]}, contact_groups=groups))
    sandbox.post_control("clock", {"advance": 100})
    sandbox.post_control("faults", [{"path": "/v1/nowhere", "status": 500}])
    assert sandbox.get_control("state")["organizations"] != seeded
    sandbox.post_control("reset")
    assert sandbox.get_control("state")["organizations"] == seeded
    assert (
        sandbox.get_control("requests")
        == sandbox.get_control("outbox")
        == sandbox.get_control("faults")
        == []
    )
    assert sandbox.get_control("clock")["offset"] == 0
    assert sandbox.get_control("credentials") == sandbox.credentials
    assert admin.call("GET", "contacts").status_code == 401
    assert len(sandbox.admin().items("contacts")) == 40


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("GET", "nothing", 404), ("POST", "state", 405), ("GET", "reset", 405), ("DELETE", "clock", 405),
        ("GET", "requests?since=x", 422),
    ],
)  # fmt: skip
def test_unknown_endpoints_and_methods_are_rejected(
    sandbox: InProcessSandbox, method: str, name: str, status: int
) -> None:
    assert sandbox.session().request(method, f"{BASE}/_sandbox/{name}", timeout=5).status_code == status


def test_control_requests_are_neither_limited_nor_logged() -> None:
    sandbox = InProcessSandbox(calls_per_minute=1)
    for _ in range(5):
        sandbox.get_control("state")
    assert sandbox.get_control("requests") == []


def test_a_bug_returns_500_and_does_not_cut_the_connection(sandbox: InProcessSandbox) -> None:
    response = sandbox.session().post(f"{BASE}/_sandbox/archive", json={"contact": 10**30}, timeout=5)
    assert response.status_code in (404, 422, 500)
