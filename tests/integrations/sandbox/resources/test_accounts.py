"""Accounts: documented requests, the holder, and filters."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

HOLDER = {"source": "Core", "first_name": "Iris", "last_name": "Stone", "email": "iris.stone@mail.example"}
ACCOUNT: dict[str, Any] = {
    "external_id": "CORE-77",
    "account_name": "Everyday checking",
    "account_number": "55-0077",
    "account_rate": "0.25",
    "application_number": "A-1",
    "city": "Lakemont",
    "state": "WI",
    "zip_code": "53701",
    "open_date": "2025-10-16 09:20:00",
    "source": "Branch",
    "primary_account_holder": HOLDER,
    "account_class": {"class_name": "checking_account", "class_type": "ACCOUNT"},
    "account_status": {"account_status": "Open checking"},
    "account_type": {"account_type": "Basic checking"},
    "custom": [{"field_name": "custom_string", "value": "something"}],
}


@pytest.fixture
def account(admin: Caller, owner: dict[str, Any]) -> int:
    response = admin.create("accounts", **ACCOUNT, owner={"username": owner["username"]})
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def test_an_account_is_shown_with_its_holder(admin: Caller, owner: dict[str, Any], account: int) -> None:
    shown = admin.get(f"accounts/{account}")
    assert shown["primary_account_holder"]["email"] == HOLDER["email"]
    assert shown["owner"]["id"] == owner["id"]
    assert (shown["account_rate"], shown["open_date"]) == (0.25, "2025-10-16 09:20:00")
    assert shown["account_class"] == ACCOUNT["account_class"]
    assert shown["account_status"]["account_status"] == "Open checking"
    assert {"internal_created_at", "internal_updated_at", "account_type", "custom"} <= set(shown)
    assert admin.delete(f"contacts/{shown['primary_account_holder']['id']}").status_code == 409


def test_a_user_sees_their_own_accounts_without_the_owner(
    sandbox: InProcessSandbox, owner: dict[str, Any], account: int
) -> None:
    mine = sandbox.user(owner, scope="loanInteraction")
    assert "owner" not in mine.get(f"accounts/{account}")
    other = sandbox.user(sandbox.officers()[1], scope="loanInteraction")
    assert other.call("GET", f"accounts/{account}").status_code == 404


def test_an_account_can_be_updated(sandbox: InProcessSandbox, admin: Caller, account: int) -> None:
    other = sandbox.officers()[1]
    response = admin.update(
        f"accounts/{account}",
        account_name="Renamed",
        primary_account_holder=HOLDER,
        owner={"id": other["id"]},
    )
    assert (response.status_code, response.json()) == (200, [])
    shown = admin.get(f"accounts/{account}")
    assert (shown["account_name"], shown["owner"]["id"]) == ("Renamed", other["id"])
    holder = admin.get(f"contacts/{shown['primary_account_holder']['id']}")
    assert holder["owner"]["id"] == other["id"]


def test_two_accounts_can_be_identical_and_a_post_with_an_id_updates(
    admin: Caller, owner: dict[str, Any], account: int
) -> None:
    second = admin.create("accounts", **ACCOUNT, owner={"id": owner["id"]})
    assert second.status_code == 201
    again = admin.create("accounts", id=account, account_name="By id")
    assert (again.status_code, again.json()["id"]) == (200, account)
    assert admin.get(f"accounts/{account}")["account_name"] == "By id"


@pytest.mark.parametrize("name", ["owner", "account_status", "account_type", "account_class", "custom"])
def test_errors_name_what_was_not_found(admin: Caller, owner: dict[str, Any], name: str) -> None:
    wrong: Any = [{"field_name": "unknown", "value": 1}] if name == "custom" else {"id": 3}
    rejected = admin.create("accounts", **{**ACCOUNT, "owner": {"id": owner["id"]}, name: wrong})
    assert rejected.status_code == 422
    assert rejected.json() == {"error": f"Unable to find target for relationship: '{name}'"}


def test_each_filter_finds_the_account(admin: Caller, owner: dict[str, Any], account: int) -> None:
    holder = admin.get(f"accounts/{account}")["primary_account_holder"]["id"]
    for filter in (
        f"owner_id={owner['id']},owner_email={owner['email']},account_number=55-0077",
        "account_class_name=checking_account,account_status=Open checking,account_number=55-0077",
        "account_type=Basic checking,account_name_contains=Everyday",
        f"borrower_id={holder}",
        "role_system_name=primary_account_holder,account_number=55-0077",
        "internal_created_at_start=2026-01-01T00:00:00Z,account_number=55-0077",
    ):
        assert [item["id"] for item in admin.items("accounts", filter=filter)] == [account], filter
    assert admin.items("accounts", filter=f"agent_id={holder}") == []
    assert admin.items("accounts", filter=f"other_id={holder}") == []


def test_accounts_cannot_be_deleted_and_others_accounts_cannot_be_seen(
    sandbox: InProcessSandbox, admin: Caller, account: int
) -> None:
    assert admin.delete(f"accounts/{account}").status_code == 405
    assert sandbox.admin(BLUEWATER).call("GET", f"accounts/{account}").status_code == 404
