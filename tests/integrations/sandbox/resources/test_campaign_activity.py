"""Campaign activity: the documented requests and their effects."""

import re
from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada
from tests.integrations.sandbox.resources.test_campaigns import create as create_campaign


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    return int(admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"])


def activity(caller: Caller, contact: Any, **more: Any) -> dict[str, Any]:
    campaign = {"id": create_campaign(caller)}
    return {"touched_at": "2026-01-02 03:04:05", "contact": contact, "campaign": campaign, **more}


def test_the_documented_activity_is_created_and_shown_with_its_attributes(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = activity(admin, {"id": str(contact)}, owner={"id": owner["id"]})
    response = admin.create("campaign-activity", **body)
    id = response.json()["id"]
    assert response.status_code == 201
    assert re.fullmatch(r"[0-9a-f]{32}", id)
    assert response.json() == {"created": f"sandbox.example/v1/campaign-activity/{id}", "id": id}
    shown = admin.get(f"campaign-activity/{id}")
    assert shown.pop("internal_created_at")
    assert shown == {
        "id": id,
        "touched_at": "2026-01-02 03:04:05",
        "contact": {"id": contact},
        "campaign": {"id": body["campaign"]["id"], "name": "Autumn fair"},
        "owner": {name: owner[name] for name in ("email", "external_id", "id", "username")},
    }
    again = admin.create("campaign-activity", **body)
    assert (again.status_code, again.json()["id"] == id) == (201, False)


def test_a_user_sees_no_owner_and_names_a_campaign_by_its_name(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    body = activity(user, {"id": contact}) | {"campaign": {"name": "autumn fair"}}
    del body["touched_at"]
    shown = user.get(f"campaign-activity/{user.create('campaign-activity', **body).json()['id']}")
    assert set(shown) == {"id", "touched_at", "internal_created_at", "contact", "campaign"}
    assert shown["touched_at"] == shown["internal_created_at"]


def test_a_contact_in_full_is_created_or_updated_for_the_owner(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    known = user.create("campaign-activity", **activity(user, ada(city="Fairhaven"))).json()["id"]
    assert user.get(f"campaign-activity/{known}")["contact"] == {"id": contact}
    assert user.get(f"contacts/{contact}")["city"] == "Fairhaven"
    body = {"contact": ada(first_name="Bea"), "campaign": {"name": "Autumn fair"}}
    new = user.create("campaign-activity", **body).json()["id"]
    made = user.get(f"campaign-activity/{new}")["contact"]["id"]
    assert user.get(f"contacts/{made}")["first_name"] == "Bea"


@pytest.mark.parametrize(
    ("change", "relationship"),
    [
        ({"contact": {"id": 500}}, "contact"),
        ({"contact": None}, "contact"),
        ({"campaign": {"id": "374363f2971dedcddae7502e5f920c35"}}, "campaign"),
        ({"campaign": {"id": 41}}, "campaign"),
        ({"campaign": None}, "campaign"),
        ({"owner": None}, "owner"),
    ],
)
def test_unknown_references_are_rejected(
    admin: Caller, owner: dict[str, Any], contact: int, change: dict[str, Any], relationship: str
) -> None:
    body = activity(admin, {"id": contact}, owner={"id": owner["id"]}) | change
    response = admin.create("campaign-activity", **body)
    assert response.status_code == 422
    assert response.json() == {"error": f"Unable to find target for relationship: '{relationship}'"}


def test_an_activity_can_be_deleted_by_id_and_not_updated(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    path = f"campaign-activity/{user.create('campaign-activity', **activity(user, {'id': contact})).json()['id']}"
    assert user.update(path, touched_at="2026-01-01 00:00:00").status_code == 405
    assert user.delete("campaign-activity/").status_code == 405
    assert sandbox.user(sandbox.officers()[1]).delete(path).status_code == 404
    assert sandbox.admin(BLUEWATER).delete(path).status_code == 404
    response = user.delete(path)
    assert (response.status_code, response.json()) == (200, [])
    assert user.call("GET", path).status_code == 404


def test_activities_are_filtered_as_documented(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    body = activity(user, {"id": contact}, touched_at="2031-01-01 10:00:00")
    id = user.create("campaign-activity", **body).json()["id"]
    for filter in (
        f"contact_id={contact}",
        f"campaign_id={body['campaign']['id']}",
        "touched_at_start=2031-01-01T10:00:00Z,touched_at_end=2031-01-01T10:00:00Z",
        f"contact_id={contact},internal_created_at_start=2020-01-01T00:00:00Z",
    ):
        assert [item["id"] for item in user.items("campaign-activity", filter=filter)] == [id], filter
    assert user.items("campaign-activity", filter="campaign_id=41") == []
    assert user.items("campaign-activity", filter="internal_created_at_end=2001-01-01T00:00:00Z") == []
