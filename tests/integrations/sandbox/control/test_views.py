"""The control endpoints, and that a reset puts everything back."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BASE, REDIRECT_URI, Caller, House, ada


def test_credentials_have_the_agreed_shape(house: House) -> None:
    assert set(house.credentials) == {"organizations", "application"}
    assert house.credentials["application"]["redirect_uris"] == [REDIRECT_URI]
    assert [row["name"] for row in house.credentials["organizations"]] == [
        "Cedar Home Lending",
        "Bluewater Mortgage",
    ]
    for row in house.credentials["organizations"]:
        assert {"name", "client_id", "client_secret", "required_groups", "users"} <= set(row)
        for user in row["users"]:
            assert {"id", "username", "email", "external_id", "password", "admin"} <= set(user)


def test_the_clock_moves_and_times_of_change_follow(
    house: House, admin: Caller, owner: dict[str, Any]
) -> None:
    assert house.steer("clock", {"advance": 86400 * 400})["offset"] == 86400 * 400
    assert house.control("clock")["now"][:4] in house.control("state")["now"]
    fresh = house.admin()
    id = fresh.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    assert fresh.get(f"contacts/{id}")["internal_created_at"][:10] == house.control("clock")["now"][:10]


@pytest.mark.parametrize("body", [None, {}, {"advance": "1"}, {"advance": True}, [1]])
def test_a_clock_moves_by_a_number_only(house: House, body: Any) -> None:
    assert house.session().post(f"{BASE}/_sandbox/clock", json=body, timeout=5).status_code == 422


def test_a_reset_puts_everything_back(house: House, admin: Caller, owner: dict[str, Any]) -> None:
    seeded = house.control("state")["organizations"]
    groups = [{"group_name": "Newsletter"}]
    admin.create("contacts", **ada(owner={"id": owner["id"]}, contact_groups=groups))
    house.steer("clock", {"advance": 100})
    house.steer("faults", [{"path": "/v1/nowhere", "status": 500}])
    assert house.control("state")["organizations"] != seeded
    house.steer("reset")
    assert house.control("state")["organizations"] == seeded
    assert house.control("requests") == house.control("outbox") == house.control("faults") == []
    assert house.control("clock")["offset"] == 0
    assert house.control("credentials") == house.credentials
    assert admin.call("GET", "contacts").status_code == 401
    assert len(house.admin().items("contacts")) == 40


@pytest.mark.parametrize(
    ("method", "name", "status"),
    [
        ("GET", "nothing", 404), ("POST", "state", 405), ("GET", "reset", 405), ("DELETE", "clock", 405),
        ("GET", "requests?since=x", 422),
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(house: House, method: str, name: str, status: int) -> None:
    assert house.session().request(method, f"{BASE}/_sandbox/{name}", timeout=5).status_code == status


def test_control_requests_are_neither_limited_nor_logged() -> None:
    house = House(calls_per_minute=1)
    for _ in range(5):
        house.control("state")
    assert house.control("requests") == []


def test_a_defect_is_an_answer_and_cuts_nothing(house: House) -> None:
    answer = house.session().post(f"{BASE}/_sandbox/archive", json={"contact": 10**30}, timeout=5)
    assert answer.status_code in (404, 422, 500)
