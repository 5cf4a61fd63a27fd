"""Archiving contacts through the control endpoint."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BASE, Caller, InProcessSandbox, ada


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    return int(admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"])


def archived(caller: Caller) -> set[int]:
    return {item["id"] for item in caller.items("contacts", filter="archieved=true")}


def test_an_archived_contact_is_found_by_its_filter_and_otherwise_unchanged(
    sandbox: InProcessSandbox, admin: Caller, contact: int
) -> None:
    before = admin.get(f"contacts/{contact}")
    sandbox.post_control("clock", {"advance": 60})
    told = {"contact": contact, "archived": True}
    assert sandbox.post_control("archive", {"contact": contact}) == told
    assert contact in archived(admin)
    after = admin.get(f"contacts/{contact}")
    assert after.pop("internal_updated_at") > before.pop("internal_updated_at")
    assert after == before
    assert sandbox.post_control("archive", {"contact": contact, "archived": False})["archived"] is False
    assert contact not in archived(admin)


def test_an_archived_contact_can_be_updated_and_gets_no_email(
    sandbox: InProcessSandbox, admin: Caller, contact: int
) -> None:
    sandbox.post_control("archive", {"contact": contact})
    response = admin.update(f"contacts/{contact}", contact_groups=[{"group_name": "Newsletter"}])
    assert response.status_code == 200
    assert sandbox.get_control("outbox") == []
    assert contact in archived(admin)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (None, 422),
        ({}, 422),
        ({"contact": "1"}, 422),
        ({"contact": 1, "archived": 1}, 422),
        ({"contact": 1}, 404),
    ],
)
def test_an_invalid_request_is_rejected(sandbox: InProcessSandbox, body: Any, status: int) -> None:
    assert sandbox.session().post(f"{BASE}/_sandbox/archive", json=body, timeout=5).status_code == status
