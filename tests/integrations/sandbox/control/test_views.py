"""The control endpoints, and that a reset puts everything back."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BASE, REDIRECT_URI, Caller, InProcessSandbox, ada


def test_credentials_have_the_agreed_shape(sandbox: InProcessSandbox) -> None:
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


def test_the_clock_moves_and_times_of_change_follow(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    assert sandbox.post_control("clock", {"advance": 86400 * 400})["offset"] == 86400 * 400
    assert sandbox.get_control("clock")["now"][:4] in sandbox.get_control("state")["now"]
    fresh = sandbox.admin()
    id = fresh.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    assert fresh.get(f"contacts/{id}")["internal_created_at"][:10] == sandbox.get_control("clock")["now"][:10]


@pytest.mark.parametrize("body", [None, {}, {"advance": "1"}, {"advance": True}, [1]])
def test_a_clock_moves_by_a_number_only(sandbox: InProcessSandbox, body: Any) -> None:
    assert sandbox.session().post(f"{BASE}/_sandbox/clock", json=body, timeout=5).status_code == 422


def test_a_reset_puts_everything_back(
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
def test_what_is_not_there_is_refused(sandbox: InProcessSandbox, method: str, name: str, status: int) -> None:
    assert sandbox.session().request(method, f"{BASE}/_sandbox/{name}", timeout=5).status_code == status


def test_control_requests_are_neither_limited_nor_logged() -> None:
    sandbox = InProcessSandbox(calls_per_minute=1)
    for _ in range(5):
        sandbox.get_control("state")
    assert sandbox.get_control("requests") == []


def test_a_defect_is_an_answer_and_cuts_nothing(sandbox: InProcessSandbox) -> None:
    answer = sandbox.session().post(f"{BASE}/_sandbox/archive", json={"contact": 10**30}, timeout=5)
    assert answer.status_code in (404, 422, 500)
