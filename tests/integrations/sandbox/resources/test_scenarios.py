"""Scenarios: documented requests, tags and filters."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

DATA = {"loan_scenarios": [{"product_name": "15-year fixed", "rate": 5.125, "is_arm": False}]}
SCENARIO: dict[str, Any] = {
    "name": "7 Quarry Rd",
    "display_name": "7 Quarry Rd: monthly costs",
    "expiration_date": "2031-03-01 12:00:00",
    "tags": [{"type": "MLS_NUMBER", "value": "880123"}, {"type": "CONTACT", "value": 77}],
    "data": DATA,
}


def put(admin: Caller, owner: dict[str, Any]) -> int:
    response = admin.create("scenarios", **SCENARIO, owner={"id": owner["id"]})
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def test_a_scenario_is_shown_as_sent(sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner)
    shown = admin.get(f"scenarios/{id}")
    assert {name: shown[name] for name in SCENARIO} == SCENARIO
    assert set(shown) == {*SCENARIO, "id", "owner", "internal_created_at", "internal_updated_at"}
    mine = sandbox.user(owner, scope="loanInteraction")
    assert "owner" not in mine.get(f"scenarios/{id}")
    assert (
        sandbox.user(sandbox.officers()[1], scope="loanInteraction")
        .call("GET", f"scenarios/{id}")
        .status_code
        == 404
    )


def test_tags_can_be_added_and_removed(admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner)
    response = admin.update(
        f"scenarios/{id}",
        tags=[{"type": "MLS_NUMBER", "value": "990321"}, SCENARIO["tags"][0]],
        remove_tags=[{"type": "CONTACT", "value": 77}],
        data={"loan_scenarios": []},
    )
    assert (response.status_code, response.json()) == (200, [])
    shown = admin.get(f"scenarios/{id}")
    assert [tag["value"] for tag in shown["tags"]] == ["880123", "990321"]
    assert shown["data"] == {"loan_scenarios": []}


@pytest.mark.parametrize("missing", ["name", "data", "tags", "owner"])
def test_a_scenario_needs_its_required_attributes(admin: Caller, owner: dict[str, Any], missing: str) -> None:
    body = {**SCENARIO, "owner": {"id": owner["id"]}}
    del body[missing]
    rejected = admin.create("scenarios", **body)
    assert rejected.status_code == 422
    assert missing in rejected.json()["error"]


@pytest.mark.parametrize("data", ['{"loan_scenarios": []}', [1], 5])
def test_data_must_be_an_object(admin: Caller, owner: dict[str, Any], data: Any) -> None:
    rejected = admin.create("scenarios", **SCENARIO | {"data": data}, owner={"id": owner["id"]})
    assert rejected.json() == {"error": "Invalid value for attribute: 'data'"}


def test_each_filter_finds_the_scenario(admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner)
    for filter in (
        "name=7 Quarry Rd",
        "display_name=7 Quarry Rd: monthly costs",
        "expiration_date_start=2031-03-01T12:00:00Z,expiration_date_end=2031-03-01T12:00:00Z",
    ):
        assert [item["id"] for item in admin.items("scenarios", filter=filter)] == [id], filter


def test_a_scenario_can_be_deleted(sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner)
    assert sandbox.admin(BLUEWATER).delete(f"scenarios/{id}").status_code == 404
    assert admin.delete(f"scenarios/{id}").json() == []
    assert admin.call("GET", f"scenarios/{id}").status_code == 404
