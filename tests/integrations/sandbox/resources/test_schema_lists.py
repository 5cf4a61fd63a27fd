"""Custom field definitions."""

import pytest

from tests.integrations.sandbox.clients import Caller


def test_definitions_have_the_documented_shape(admin: Caller) -> None:
    items = admin.items("schema/custom-fields")
    assert "custom_string" in {item["system_name"] for item in items}
    for item in items:
        assert set(item) == {
            "account_class", "data_type", "display_name", "internal_created_at", "internal_updated_at",
            "related_entity", "system_name",
        }  # fmt: skip
        assert item["data_type"] in {"text", "datetime", "date", "boolean", "integer", "decimal"}
        assert set(item["related_entity"]) == {"entity_type", "entity_subtype"}
        assert set(item["account_class"]) == {"class_name", "class_type"}


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("system_name=lock_expires", ["lock_expires"]),
        ("related_entity_type=loan", ["lock_expires", "custom_string"]),
        ("account_class_name=none", []),
        ("internal_created_at_start=2999-01-01T00:00:00Z", []),
    ],
)
def test_definitions_can_be_filtered(admin: Caller, filter: str, expected: list[str]) -> None:
    assert [item["system_name"] for item in admin.items("schema/custom-fields", filter=filter)] == expected
