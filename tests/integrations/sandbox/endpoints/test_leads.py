"""Leads at the older endpoint: documented requests, matching contacts, and types of updates."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

LEAD: dict[str, Any] = {
    "title": "Ms.",
    "first_name": "Olga",
    "last_name": "Vance",
    "email": "olga.vance@mail.example",
    "phone_cell": "(612)555-0177",
    "city": "Fairhaven",
    "ok_to_email": True,
    "credit_score": "Good",
    "source": "Lead market",
    "lead_opportunity": {"property_value": 420000, "first_time_buyer": True, "lead_price": 40, "apr": 6.125},
    "lead_opportunity_offers": [
        {"offer_id": 1, "offer_type": "Fixed", "loan_amount": 300000.5},
        {"offer_id": 2, "offer_type": "ARM"},
    ],
    "custom": [{"field_name": "custom_string", "value": "special"}],
}


def put(caller: Caller, **more: Any) -> dict[str, int]:
    response = caller.create("leads", **{**LEAD, **more})
    assert response.status_code == 201, response.text
    found: dict[str, int] = response.json()
    assert set(found) == {"contact_id", "lead_id"}
    return found


def test_a_lead_is_shown_as_documented(admin: Caller, owner: dict[str, Any]) -> None:
    ids = put(admin, owner={"username": owner["username"]})
    shown = admin.get(f"leads/{ids['lead_id']}")
    assert (shown["first_name"], shown["ok_to_email"], shown["custom"]) == ("Olga", 1, LEAD["custom"])
    assert shown["lead_opportunity"]["first_time_buyer"] == "true"
    assert shown["lead_opportunity"]["property_value"] == 420000
    assert [offer["offer_id"] for offer in shown["lead_opportunity_offers"]] == [1, 2]
    assert (shown["assigned_to"], shown["owner_id"]) == (owner["id"], owner["id"])
    assert shown["owner"] == {
        "email": owner["email"],
        "external_id": owner["external_id"] or "",
        "id": str(owner["id"]),
        "username": owner["username"],
    }
    assert shown["related_entities"] == [
        {"relationship_type": {"system_name": "Contact"}, "parent": [{"id": str(ids["contact_id"])}]}
    ]
    contact = admin.get(f"contacts/{ids['contact_id']}")
    assert (contact["email"], contact["owner"]["id"]) == (LEAD["email"], owner["id"])
    assert contact["custom"][0]["value"] == "special"


def test_a_contact_with_the_same_name_and_phone_number_is_reused(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    first, second = sandbox.officers()[:2]
    person = ada(first_name="Olga", last_name="Vance", email="other@mail.example", phone_home="612 555 0177")
    known = admin.create("contacts", **person, owner={"id": second["id"]}).json()["id"]
    ids = put(admin)
    assert ids["contact_id"] == known
    assert admin.get(f"leads/{ids['lead_id']}")["owner_id"] == second["id"]
    assert admin.get(f"contacts/{known}")["custom"][0]["value"] == "special"
    assert put(admin, owner_id=second["id"])["contact_id"] == known
    assert put(admin, owner={"id": first["id"]})["contact_id"] != known


def test_the_deprecated_owner_id_still_works(sandbox: InProcessSandbox, admin: Caller) -> None:
    other = sandbox.officers()[2]
    assert admin.get(f"leads/{put(admin, owner_id=other['id'])['lead_id']}")["owner_id"] == other["id"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"first_name": ""}, "first_name"),
        ({"last_name": None}, "last_name"),
        ({"source": ""}, "source"),
        ({"email": None, "phone_cell": None}, "email"),
        ({"first_name": {"given": "Olga"}}, "first_name"),
        ({"phone_cell": ["612"]}, "phone_cell"),
        ({"owner": {"id": 3}}, "owner"),
        ({"owner_id": 3}, "owner"),
        ({"custom": [{"field_name": "unknown", "value": 1}]}, "custom"),
        ({"lead_opportunity": []}, "lead_opportunity"),
        ({"lead_opportunity_offers": {"offer_id": 1}}, "lead_opportunity_offers"),
    ],
)
def test_errors_name_the_attribute(admin: Caller, change: dict[str, Any], named: str) -> None:
    rejected = admin.create("leads", **{**LEAD, **change})
    assert rejected.status_code == 422
    assert named in rejected.json()["error"]


def test_an_unknown_custom_field_is_rejected_for_a_known_contact_too(admin: Caller) -> None:
    put(admin)
    unknown = [{"field_name": "unknown", "value": 1}]
    assert admin.create("leads", **{**LEAD, "custom": unknown}).status_code == 422


def test_a_lead_can_be_updated_partially(admin: Caller) -> None:
    id = put(admin)["lead_id"]
    response = admin.update(
        f"leads/{id}",
        first_name="Olya",
        lead_stage=2,
        lead_opportunity={"property_value": 430000, "has_agent": False, "term": "15 years"},
        lead_opportunity_offers=[{"offer_id": 2, "investor": "Quiet Harbor Bank"}],
    )
    assert (response.status_code, response.json()) == (200, {"message": "Successfully updated lead."})
    shown = admin.get(f"leads/{id}")
    assert (shown["first_name"], shown["last_name"]) == ("Olya", "Vance")
    assert shown["lead_opportunity"]["lead_stage"] == 2
    assert shown["lead_opportunity"]["has_agent"] == "false"
    assert shown["lead_opportunity"]["lead_price"] == 40
    investors = [offer["investor"] for offer in shown["lead_opportunity_offers"]]
    assert investors == [None, "Quiet Harbor Bank"]
    admin.update(f"leads/{id}", lead_opportunity={"lead_stage": 5})
    assert admin.get(f"leads/{id}")["lead_opportunity"]["lead_stage"] == 5


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"first_name": 5}, "first_name"),
        ({"ok_to_email": "true"}, "ok_to_email"),
        ({"lead_stage": 6}, "lead_stage"),
        ({"lead_stage": "2"}, "lead_stage"),
        ({"lead_opportunity": {"property_value": -1}}, "property_value"),
        ({"lead_opportunity": {"property_value": 1.5}}, "property_value"),
        ({"lead_opportunity": {"apr": "5"}}, "apr"),
        ({"lead_opportunity": {"has_agent": "false"}}, "has_agent"),
        ({"lead_opportunity_offers": [{"offer_id": 3, "term": "30"}]}, "offer_id"),
        ({"lead_opportunity_offers": [{"investor": "Quiet Harbor Bank"}]}, "offer_id"),
        ({"lead_opportunity_offers": [{"offer_id": 1}]}, "offer"),
        ({"lead_opportunity_offers": [{"offer_id": 1, "loan_amount": "1"}]}, "loan_amount"),
    ],
)
def test_a_value_of_the_wrong_type_is_rejected_and_changes_nothing(
    admin: Caller, body: dict[str, Any], named: str
) -> None:
    id = put(admin)["lead_id"]
    before = admin.get(f"leads/{id}")
    rejected = admin.update(f"leads/{id}", **{"last_name": "Changed", **body})
    assert rejected.status_code == 422
    assert named in rejected.json()["error"]
    assert admin.get(f"leads/{id}") == before


def test_a_user_sees_only_their_own_leads(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    user = sandbox.user(owner, scope="leadOpportunityInteraction")
    mine = put(user, owner={"id": sandbox.officers()[1]["id"]})["lead_id"]
    assert user.get(f"leads/{mine}")["owner_id"] == owner["id"]
    theirs = put(admin, owner={"id": sandbox.officers()[1]["id"]})["lead_id"]
    assert user.call("GET", f"leads/{theirs}").status_code == 404
    assert put(sandbox.user(owner, scope="postLeads"), first_name="Pia")
    assert sandbox.user(owner).create("leads", **LEAD).status_code == 401


def test_leads_cannot_be_listed_or_deleted_or_seen_by_others(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    id = put(admin)["lead_id"]
    assert admin.call("GET", "leads").status_code == 405
    assert admin.delete(f"leads/{id}").status_code == 405
    assert sandbox.admin(BLUEWATER).call("GET", f"leads/{id}").status_code == 404
    assert admin.call("GET", "leads/nonsense").status_code == 404
