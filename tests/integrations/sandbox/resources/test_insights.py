"""Insights and their types: the documented requests and their effects."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

CALCULATOR = "Partner Portal: Calculator used"


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    return int(admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"])


def insight(contact: int, type: dict[str, Any], **more: Any) -> dict[str, Any]:
    data = {"description": "Compared two rates", "rates": [6.1, 5.9]}
    return {
        "data": data,
        "insight_date": "2026-03-04 05:06:07",
        "contact": {"id": contact},
        "type": type,
        **more,
    }


def calculator(caller: Caller) -> dict[str, Any]:
    (found,) = caller.items("insight-types", filter=f"type={CALCULATOR}")
    return dict(found)


def test_types_have_the_documented_attributes_and_are_read_only(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    items = admin.items("insight-types")
    assert items == sandbox.user(owner).items("insight-types")
    for item in items:
        assert set(item) == {
            "id", "description", "expiration_interval", "type", "internal_created_at", "internal_updated_at",
        }  # fmt: skip
        assert item["type"].startswith("Partner Portal: ")
        assert item["expiration_interval"] > 0
    assert admin.create("insight-types", type="Partner Portal: Ours").status_code == 405
    assert admin.call("GET", f"insight-types/{items[0]['id']}").status_code == 404
    assert {item["id"] for item in sandbox.admin(BLUEWATER).items("insight-types")}.isdisjoint(
        item["id"] for item in items
    )


def test_an_admins_insight_is_created_and_shown_with_its_owner(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    type = calculator(admin)
    body = insight(contact, {"id": str(type["id"])}, owner={"id": owner["id"]})
    response = admin.create("insights", **body)
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/insights/{id}", "id": id}
    shown = admin.get(f"insights/{id}")
    assert shown.pop("internal_updated_at")
    assert shown == {
        "id": id,
        "data": body["data"],
        "insight_date": "2026-03-04 05:06:07",
        "expires_at": "2026-04-03 05:06:07",
        "contact": {"id": contact},
        "type": {"id": type["id"], "type": CALCULATOR},
        "owner": {name: owner[name] for name in ("email", "external_id", "id", "username")},
    }


def test_a_user_can_name_a_type_by_name_and_sees_no_owner(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    body = insight(contact, {"type": CALCULATOR}, expires_at="2027-01-01 00:00:00")
    del body["insight_date"], body["data"]
    shown = user.get(f"insights/{user.create('insights', **body).json()['id']}")
    assert "owner" not in shown
    assert (shown["type"]["type"], shown["expires_at"], shown["data"]) == (
        CALCULATOR, "2027-01-01 00:00:00", None,
    )  # fmt: skip
    assert shown["insight_date"] == shown["internal_updated_at"]


@pytest.mark.parametrize(
    ("change", "relationship"),
    [
        ({"contact": {"id": 451}}, "contact"),
        ({"contact": None}, "contact"),
        ({"type": {"type": "Partner Portal: Unheard of"}}, "type"),
        ({"type": {"id": 999_999}}, "type"),
        ({"type": None}, "type"),
        ({"owner": None}, "owner"),
        ({"owner": {"username": "nobody"}}, "owner"),
    ],
)
def test_unknown_references_are_rejected_as_documented(
    admin: Caller, owner: dict[str, Any], contact: int, change: dict[str, Any], relationship: str
) -> None:
    body = insight(contact, {"type": CALCULATOR}, owner={"id": owner["id"]}) | change
    response = admin.create("insights", **body)
    assert response.status_code == 422
    assert response.json() == {"error": f"Unable to find target for relationship: '{relationship}'"}


def test_another_organizations_type_is_not_found(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    type = calculator(sandbox.admin(BLUEWATER))
    assert sandbox.user(owner).create("insights", **insight(contact, {"id": type["id"]})).status_code == 422


@pytest.mark.parametrize("more", [{"data": "text"}, {"data": [1]}, {"insight_date": "soon"}])
def test_invalid_values_are_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int, more: dict[str, Any]
) -> None:
    body = insight(contact, {"type": CALCULATOR}) | more
    assert sandbox.user(owner).create("insights", **body).status_code == 422


def test_insights_are_filtered_as_documented(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    type = calculator(admin)
    body = insight(contact, {"id": type["id"]}, owner={"id": owner["id"]})
    id = admin.create("insights", **body).json()["id"]
    assert [item["id"] for item in admin.items("insights", filter=f"contact_id={contact}")] == [id]
    for filter in (f"owner_id={owner['id']}", f"owner_email={owner['email']}"):
        found = admin.items("insights", filter=filter)
        assert id in {item["id"] for item in found}
        assert {item["owner"]["id"] for item in found} == {owner["id"]}
    by_type = admin.items("insights", filter=f"type_id={type['id']}")
    assert {item["type"]["id"] for item in by_type} == {type["id"]}
    assert 0 < len(by_type) < len(admin.items("insights"))
    assert admin.items("insights", filter="owner_external_id=nobody") == []


def test_insights_cannot_be_updated_or_deleted_or_seen_by_others(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = insight(contact, {"type": CALCULATOR}, owner={"id": owner["id"]})
    path = f"insights/{admin.create('insights', **body).json()['id']}"
    assert admin.update(path, **body).status_code == 405
    assert admin.delete(path).status_code == 405
    assert sandbox.user(owner).call("GET", path).status_code == 200
    assert sandbox.user(sandbox.officers()[1]).call("GET", path).status_code == 404
    assert sandbox.admin(BLUEWATER).call("GET", path).status_code == 404


def test_an_insight_with_a_campaign_sends_its_email(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    for type in (CALCULATOR, "Partner Portal: Document viewed"):
        assert user.create("insights", **insight(contact, {"type": type})).status_code == 201
    (mail,) = sandbox.get_control("outbox")
    assert (mail["contact"], mail["to"], mail["campaign"]) == (contact, "ada.birch@mail.example", CALCULATOR)


def test_a_date_beyond_the_calendar_is_rejected(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    contact = admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"]
    types = admin.get("insight-types")["items"]
    statuses = {
        admin.create(
            "insights",
            type={"id": type["id"]},
            contact={"id": contact},
            owner={"id": owner["id"]},
            insight_date="9999-12-31 23:59:59",
            data={"description": "x"},
        ).status_code
        for type in types
    }
    assert statuses <= {201, 422}
