"""Lead opportunities: the documented requests and errors."""

import re
from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

PATH = "lead-opportunities"
SCOPE = "leadOpportunitiesSalesPipelineInteraction"
LEAD: dict[str, Any] = {
    "first_name": "Gwen",
    "last_name": "Marsh",
    "source": "Rate table",
    "email": "gwen.marsh@mail.example",
}
PRODUCT: dict[str, Any] = {
    "type": "mortgage",
    "values": {"loan_purpose": "Purchase", "loan_amount": 310000, "property_type": "Condo"},
}


def put(caller: Caller, **more: Any) -> tuple[str, int]:
    """Create a lead opportunity and return its id and its contact's."""
    response = caller.create(PATH, **{**LEAD, **more})
    assert response.status_code == 201, response.text
    assert set(response.json()) == {"id", "contact_id"}
    return response.json()["id"], response.json()["contact_id"]


def test_a_lead_opportunity_is_created_and_shown(admin: Caller, owner: dict[str, Any]) -> None:
    id, contact = put(admin, assigned_user={"user_id": owner["id"]}, product=PRODUCT, phone="612-555-0160")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id)
    shown = admin.get(f"{PATH}/{id}")
    moments = {name: shown.pop(name) for name in ("created_at", "updated_at")}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment) for moment in moments.values())
    assert shown == {
        "id": id,
        "first_name": "Gwen",
        "last_name": "Marsh",
        "stage": {"id": "1", "name": "New Lead"},
        "product": PRODUCT,
        "source": {"id": shown["source"]["id"], "display_name": "Rate table"},
        "assigned_user_id": owner["id"],
        "legacy_contact_id": contact,
    }
    person = admin.get(f"contacts/{contact}")
    assert (person["owner"]["id"], person["phone_cell"]) == (owner["id"], "612-555-0160")
    types = [item["type"] for item in admin.items("activity", filter=f"contact_id={contact}")]
    assert types == ["Contact Created", "Lead Opportunity Created"]


def test_the_same_person_is_one_contact_with_two_opportunities(admin: Caller, owner: dict[str, Any]) -> None:
    known = admin.create("contacts", **ada(**LEAD, owner={"id": owner["id"]})).json()["id"]
    first, contact = put(admin, assigned_user={"email": owner["email"]})
    second, _ = put(admin, contact_id=contact, assigned_user_id=owner["id"])
    assert contact == known
    assert first != second
    items = admin.items(PATH, filter=f"contact_id={known}")
    assert [item["id"] for item in items] == [first, second]
    assert items[0]["source"] == items[1]["source"]


def test_without_an_assigned_user_an_active_one_gets_it(sandbox: InProcessSandbox, admin: Caller) -> None:
    id, _ = put(admin)
    assigned = admin.get(f"{PATH}/{id}")["assigned_user_id"]
    assert assigned in [user["id"] for user in sandbox.officers()]


@pytest.mark.parametrize("missing", [("first_name",), ("last_name",), ("source",), ("email",)])
def test_missing_fields_are_rejected_as_documented(admin: Caller, missing: tuple[str, ...]) -> None:
    rejected = admin.create(PATH, **{name: value for name, value in LEAD.items() if name not in missing})
    assert rejected.status_code == 400
    assert rejected.json() == {
        "error": "Missing required fields. Must provide: first_name, last_name, source, and either phone or email"
    }


@pytest.mark.parametrize(
    ("parameters", "status", "error"),
    [
        ({"filter": "nonsense"}, 400, "Invalid filter expression: nonsense"),
        ({"filter": "contact_id=1,state=MN"}, 400, "Invalid filter expression: state=MN"),
        ({"filter": "user_id=many"}, 400, "Invalid filter expression: user_id=many"),
        ({"sort": "price"}, 400, "Invalid sort field: 'price'."),
        ({"sort": "-price"}, 400, "Invalid sort field: 'price'."),
        ({"page[number]": 999}, 422, "Page requested is outside of result set"),
    ],
)
def test_invalid_lists_are_rejected_as_documented(
    admin: Caller, parameters: dict[str, Any], status: int, error: str
) -> None:
    rejected = admin.call("GET", PATH, params=parameters)
    assert (rejected.status_code, rejected.json()) == (status, {"error": error})


def test_an_unknown_id_is_rejected_as_documented(sandbox: InProcessSandbox, admin: Caller) -> None:
    id, _ = put(sandbox.admin(BLUEWATER), contact_id=sandbox.admin(BLUEWATER).items("contacts")[0]["id"])
    for unknown in (id, "11111111-2222-3333-4444-555555555555", "17", "nonsense"):
        missing = admin.call("GET", f"{PATH}/{unknown}")
        assert missing.status_code == 404
        assert missing.json() == {"message": f"Object with id '{unknown}' not found"}
    assert admin.update(f"{PATH}/{id}", contact_id=1).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"product": {"type": "mortgage"}},
        {"product": {"values": {"loan_purpose": "Purchase"}}},
        {"product": {"type": "mortgage", "values": {"loan_amount": 1}}},
        {"product": {"type": "mortgage", "values": {"loan_purpose": "Speculation"}}},
        {"product": "mortgage"},
        {"stage": {"id": "9"}},
        {"stage": "New Lead"},
        {"contact_id": 3},
        {"assigned_user": {"user_id": 3}},
        {"assigned_user": {"email": "nobody@mail.example"}},
        {"assigned_user": "someone"},
        {"utm_source": ["x"]},
        {"last_name": {"family": "Marsh"}},
        {"source": ["x"]},
    ],
)
def test_invalid_values_are_rejected(admin: Caller, wrong: dict[str, Any]) -> None:
    before = len(admin.items("contacts"))
    rejected = admin.create(PATH, **{**LEAD, **wrong})
    assert rejected.status_code == 400
    assert rejected.json()["error"]
    assert len(admin.items("contacts")) == before


@pytest.mark.parametrize(
    ("stage", "name"),
    [
        ({"id": "3", "name": "Engaged"}, "Engaged"),
        ({"id": 8}, "Closed"),
        ({"name": "PreApproved"}, "Pre-Approved"),
    ],
)
def test_a_stage_can_be_given_by_id_or_name(admin: Caller, stage: dict[str, Any], name: str) -> None:
    id, _ = put(admin, stage=stage)
    assert admin.get(f"{PATH}/{id}")["stage"]["name"] == name


def test_an_update_changes_each_part(sandbox: InProcessSandbox, admin: Caller) -> None:
    other = sandbox.officers()[3]
    id, contact = put(admin, product=PRODUCT)
    response = admin.update(
        f"{PATH}/{id}",
        contact_id=contact,
        first_name="Gwendolyn",
        assigned_user={"user_id": other["id"]},
        stage={"id": 2},
        product={"values": {"loan_amount": 350000}},
        utm_source="newsletter",
        source="Phone",
    )
    assert response.status_code == 200
    assert response.json() == {"leadOpportunity": {"id": id, "contact_id": contact}}
    shown = admin.get(f"{PATH}/{id}")
    assert (shown["first_name"], shown["assigned_user_id"]) == ("Gwendolyn", other["id"])
    assert shown["stage"] == {"id": "2", "name": "Contact Attempted"}
    assert shown["product"]["values"] == {**PRODUCT["values"], "loan_amount": 350000}
    assert shown["source"]["display_name"] == "Phone"


def test_an_update_reports_the_parts_that_fail(admin: Caller) -> None:
    id, contact = put(admin)
    response = admin.update(
        f"{PATH}/{id}",
        contact_id=contact,
        last_name="Moor",
        stage={"id": "stage-9"},
        assigned_user={"user_id": 3},
    )
    assert response.status_code == 200
    assert response.json()["errors"] == {
        "assignment": "Failed to update assignment",
        "stage": "Failed to update stage",
    }
    assert admin.get(f"{PATH}/{id}")["last_name"] == "Moor"
    wrong = admin.update(f"{PATH}/{id}", contact_id=contact, product={"values": {"occupancy": "Tent"}})
    assert set(wrong.json()["errors"]) == {"leadOpportunity"}


def test_an_update_must_name_the_contact(admin: Caller) -> None:
    id, contact = put(admin)
    for body in ({"first_name": "X"}, {"contact_id": contact + 1}):
        rejected = admin.update(f"{PATH}/{id}", **body)
        assert (rejected.status_code, "contact_id" in rejected.json()["error"]) == (400, True)


def test_lists_have_25_items_by_default_and_links(admin: Caller) -> None:
    assert admin.get(PATH) == {"items": [], "links": {"first": 1, "last": 1, "next": None, "prev": None}}
    contact = admin.items("contacts")[0]["id"]
    for _ in range(27):
        put(admin, contact_id=contact)
    first = admin.get(PATH)
    assert (len(first["items"]), first["links"]) == (25, {"first": 1, "last": 2, "next": 2, "prev": None})
    last = admin.get(PATH, **{"page[number]": 2})
    assert (len(last["items"]), last["links"]) == (2, {"first": 1, "last": 2, "next": None, "prev": 1})
    assert len(admin.get(PATH, **{"page[size]": 10})["items"]) == 10


@pytest.mark.parametrize("field", ["created_at", "updated_at", "lead_stage", "loan_purpose"])
def test_each_sort_works_in_both_directions(admin: Caller, field: str) -> None:
    contact = admin.items("contacts")[0]["id"]
    ids = []
    for stage, purpose in ((1, "Construction Loan"), (2, "HELOC"), (3, "Purchase")):
        product = {"type": "mortgage", "values": {"loan_purpose": purpose}}
        ids.append(put(admin, contact_id=contact, stage={"id": stage}, product=product)[0])
    assert [item["id"] for item in admin.get(PATH, sort=f" {field.upper()} ,nonsense")["items"]] == ids
    assert [item["id"] for item in admin.get(PATH, sort=f"-{field}")["items"]] == ids[::-1]


def test_filters_can_be_combined(sandbox: InProcessSandbox, admin: Caller) -> None:
    officer = sandbox.officers()[2]
    id, contact = put(admin, assigned_user={"user_id": officer["id"]})
    put(admin, contact_id=contact)
    found = admin.items(PATH, filter=f"user_id={officer['id']},contact_id={contact}")
    assert [item["id"] for item in found] == [id]


def test_a_user_sees_only_assigned_lead_opportunities(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    mine, _ = put(admin, assigned_user={"user_id": owner["id"]})
    theirs, _ = put(admin, assigned_user={"user_id": sandbox.officers()[1]["id"]})
    user = sandbox.user(owner, scope=SCOPE)
    assert [item["id"] for item in user.items(PATH)] == [mine]
    assert user.call("GET", f"{PATH}/{theirs}").status_code == 404
    own, _ = put(user, first_name="Hugh")
    assert user.get(f"{PATH}/{own}")["assigned_user_id"] == owner["id"]


def test_the_scope_is_required_and_deleting_is_not_allowed(sandbox: InProcessSandbox, admin: Caller) -> None:
    id, _ = put(admin)
    assert admin.delete(f"{PATH}/{id}").status_code == 405
    assert sandbox.user(sandbox.officers()[0]).call("GET", PATH).status_code == 401


def test_a_lead_opportunity_is_deleted_with_its_contact(admin: Caller) -> None:
    id, contact = put(admin)
    assert admin.delete(f"contacts/{contact}").status_code == 200
    assert admin.call("GET", f"{PATH}/{id}").status_code == 404
