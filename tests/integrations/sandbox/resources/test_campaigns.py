"""Campaigns: the documented requests and their effects."""

import re
from typing import Any

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox


def create(caller: Caller, name: str = "Autumn fair", **more: Any) -> str:
    response = caller.create("campaigns", name=name, **more)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def test_the_documented_campaign_is_created_and_shown_with_its_attributes(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    response = admin.create("campaigns", name="Autumn fair")
    id = response.json()["id"]
    assert response.status_code == 201
    assert re.fullmatch(r"[0-9a-f]{32}", id)
    assert response.json() == {"created": f"sandbox.example/v1/campaigns/{id}", "id": id}
    shown = admin.get(f"campaigns/{id}")
    assert shown.pop("internal_created_at")
    assert shown == {
        "archived": False, "end_date": None, "id": id, "name": "Autumn fair", "start_date": None, "visible": True,
    }  # fmt: skip
    assert sandbox.user(owner).get(f"campaigns/{id}")["name"] == "Autumn fair"


def test_a_name_is_unique_in_an_organization(sandbox: InProcessSandbox, admin: Caller) -> None:
    id = create(admin)
    again = admin.create("campaigns", name="autumn FAIR", visible=0)
    assert again.status_code == 200
    assert again.json() == {"duplicate": f"sandbox.example/v1/campaigns/{id}", "id": id}
    assert admin.get(f"campaigns/{id}")["visible"] is False
    elsewhere = sandbox.admin(BLUEWATER)
    assert create(elsewhere) != id
    assert elsewhere.call("GET", f"campaigns/{id}").status_code == 404


def test_a_campaign_needs_a_name_and_cannot_be_updated_or_deleted(admin: Caller) -> None:
    assert admin.create("campaigns", visible=1).status_code == 422
    id = create(admin)
    assert admin.update(f"campaigns/{id}", name="Other").status_code == 405
    assert admin.delete(f"campaigns/{id}").status_code == 405


def test_campaigns_are_filtered_by_start_and_end(admin: Caller) -> None:
    id = create(admin, start_date="2031-05-01 00:00:00", end_date="2031-06-01 00:00:00")
    for filter in (
        "start_date_start=2031-05-01T00:00:00Z,start_date_end=2031-05-01T00:00:00Z",
        "end_date_start=2031-06-01T00:00:00Z",
        "start_date_start=2031-01-01T00:00:00Z,end_date_end=2031-06-01T00:00:00Z",
    ):
        assert [item["id"] for item in admin.items("campaigns", filter=filter)] == [id], filter
    assert admin.items("campaigns", filter="start_date_start=2031-05-01T00:00:01Z") == []
