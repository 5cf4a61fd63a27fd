"""Custom values: checked and described by the definitions of their entity."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, ada


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> str:
    id = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    return f"contacts/{id}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("household_size", 4),
        ("household_size", "4"),
        ("first_time_buyer", True),
        ("first_time_buyer", "False"),
        ("preferred_language", "Español"),
        ("custom_string", 5),
    ],
)
def test_a_valid_value_is_stored_and_described(admin: Caller, contact: str, name: str, value: Any) -> None:
    response = admin.update(contact, custom=[{"field_name": name, "value": value}])
    assert response.status_code == 200
    (shown,) = admin.get(contact)["custom"]
    assert (shown["field_name"], shown["value"]) == (name, value)
    assert shown["description"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("household_size", "many"),
        ("household_size", 4.5),
        ("first_time_buyer", "perhaps"),
        ("custom_string", {"nested": 1}),
    ],
)
def test_a_value_of_the_wrong_type_is_rejected(admin: Caller, contact: str, name: str, value: Any) -> None:
    rejected = admin.update(contact, custom=[{"field_name": name, "value": value}])
    assert rejected.status_code == 422
    assert rejected.json() == {"error": f"Invalid value for attribute: '{name}'"}
    assert "custom" not in admin.get(contact)


def test_null_removes_a_value(admin: Caller, contact: str) -> None:
    admin.update(contact, custom=[{"field_name": "household_size", "value": 4}])
    admin.update(contact, custom=[{"field_name": "household_size", "value": None}])
    assert "custom" not in admin.get(contact)


def test_a_field_of_another_entity_is_not_found(admin: Caller, contact: str) -> None:
    lock = [{"field_name": "lock_expires", "value": "2026-12-01"}]
    loan = admin.items("loans")[0]["id"]
    assert admin.update(f"loans/{loan}", custom=lock).status_code == 200
    rejected = admin.update(contact, custom=lock)
    assert rejected.json() == {"error": "Unable to find target for relationship: 'custom'"}
