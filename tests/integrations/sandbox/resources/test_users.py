"""Users: the documented requests, user names, and what cannot be changed."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Browser, Caller, InProcessSandbox

FRED: dict[str, Any] = {
    "email": "Fred.Marsh@cedar.example",
    "type": "Lender",
    "role": {"role_name": "Loan Officer"},
    "info": {"first_name": "Fred", "last_name": "Marsh", "job_title": "Loan Officer", "cost_center": "18"},
    "settings_marketing": {"daily_spend_threshold": "200", "short_name": "FredM"},
    "licenses": [{"license_name": "MN", "content": "LIC 1"}, {"license_name": "IA", "content": "LIC 2"}],
    "disclaimers": [
        {"disclaimer_name": "Flyer", "content": "Subject to change", "type": {"name": "Print Disclaimer"}}
    ],
    "teams": [{"team_name": "West"}],
}
SHAPE = set(
    """disclaimers email external_id id info internal_created_at internal_updated_at last_login_date licenses role
    saml_subject_id settings_marketing status teams type username""".split()  # noqa: SIM905
)


def test_a_new_user_gets_a_user_name_from_the_email_address(admin: Caller, owner: dict[str, Any]) -> None:
    response = admin.create("users", **FRED, expenditure_approver={"username": owner["username"]})
    assert response.status_code == 201
    shown = admin.get(f"users/{response.json()['id']}")
    assert set(shown) == SHAPE | {"expenditure_approver"}
    assert shown["username"] == "fred-marsh-cedar"
    assert shown["status"] == 1
    assert shown["settings_marketing"]["daily_spend_threshold"] == 200
    assert shown["expenditure_approver"]["id"] == owner["id"]
    assert [license["license_name"] for license in shown["licenses"]] == ["MN", "IA"]


def test_a_taken_user_name_gets_a_number(sandbox: InProcessSandbox, admin: Caller) -> None:
    first = admin.create("users", **FRED).json()["id"]
    second = sandbox.admin("Bluewater Mortgage").create("users", **FRED).json()["id"]
    assert admin.get(f"users/{first}")["username"] == "fred-marsh-cedar"
    assert sandbox.admin("Bluewater Mortgage").get(f"users/{second}")["username"] == "fred-marsh-cedar2"


def test_a_known_email_address_is_a_duplicate(admin: Caller) -> None:
    first = admin.create("users", **FRED).json()["id"]
    again = admin.create("users", **FRED | {"email": "fred.marsh@CEDAR.example", "status": 0})
    assert again.status_code == 200
    assert again.json()["id"] == first
    assert admin.get(f"users/{first}")["status"] == 0


@pytest.mark.parametrize("missing", ["email", "type", "info", "role"])
def test_a_user_without_required_attributes_is_rejected(admin: Caller, missing: str) -> None:
    body = {name: value for name, value in FRED.items() if name != missing}
    response = admin.create("users", **body)
    assert response.status_code == 422
    assert missing in response.json()["error"]


def test_sections_are_merged_and_list_items_added_and_removed(admin: Caller) -> None:
    id = admin.create("users", **FRED).json()["id"]
    response = admin.update(
        f"users/{id}",
        info={"job_title": "Manager"},
        licenses=[{"license_name": "MN", "content": "LIC 9"}],
        remove_licenses=[{"license_name": "IA"}],
        remove_disclaimers=[{"disclaimer_name": "Flyer"}],
        teams=[{"team_name": "East"}],
        remove_teams=[{"team_name": "West"}],
    )
    assert (response.status_code, response.json()) == (200, [])
    shown = admin.get(f"users/{id}")
    assert (shown["info"]["job_title"], shown["info"]["first_name"]) == ("Manager", "Fred")
    assert shown["licenses"] == [{"license_name": "MN", "content": "LIC 9"}]
    assert shown["disclaimers"] == []
    assert [team["team_name"] for team in shown["teams"]] == ["East"]


def test_email_address_and_user_name_cannot_be_changed(admin: Caller) -> None:
    id = admin.create("users", **FRED).json()["id"]
    admin.update(f"users/{id}", email="other@cedar.example", username="other")
    shown = admin.get(f"users/{id}")
    assert (shown["email"], shown["username"]) == ("Fred.Marsh@cedar.example", "fred-marsh-cedar")


def test_another_users_external_id_is_rejected(sandbox: InProcessSandbox, admin: Caller) -> None:
    taken = next(user["external_id"] for user in sandbox.officers() if user["external_id"])
    id = admin.create("users", **FRED).json()["id"]
    assert admin.update(f"users/{id}", external_id=taken).status_code == 422


@pytest.mark.parametrize("status", [2, "on"])
def test_a_status_must_be_0_or_1(admin: Caller, status: Any) -> None:
    assert admin.create("users", **FRED, status=status).status_code == 422


def test_users_can_be_filtered_by_status(admin: Caller) -> None:
    inactive = admin.items("users", filter="status=0")
    assert [user["status"] for user in inactive] == [0]
    assert len(admin.items("users", filter="status=1")) == 11


def test_a_new_user_can_consent(sandbox: InProcessSandbox, admin: Caller) -> None:
    id = admin.create("users", **FRED).json()["id"]
    users = sandbox.get_control("credentials")["organizations"][0]["users"]
    fred = next(user for user in users if user["id"] == id)
    assert "code" in Browser(sandbox).consent(fred)
