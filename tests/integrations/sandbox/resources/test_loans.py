"""Loans: documented requests, participants, filters, and new owners."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

BORROWER = {"source": "LOS", "first_name": "Mina", "last_name": "Oakes", "email": "mina.oakes@mail.example"}
AGENT = {"source": "LOS", "first_name": "Tom", "last_name": "Reed", "email": "tom.reed@post.example"}
LOAN: dict[str, Any] = {
    "external_id": "LOS-9001",
    "loan_number": "81009001",
    "loan_name": "Oakes on Heron Ln",
    "address": "12 Heron Ln",
    "address_2": None,
    "city": "Fairhaven",
    "state": "MN",
    "zip_code": 55102,
    "loan_rate": "6.25",
    "loan_term": 360,
    "is_first_time_buyer": 1,
    "annual_review_date": "2026-05-04",
    "closing_date": "2026-05-19 00:00:00",
    "loan_program": {"loan_program": "30-year fixed"},
    "loan_purpose": {"loan_purpose": "Purchase"},
    "loan_status": {"loan_status": "Application"},
    "loan_type": {"loan_type": "FHA"},
    "loan_subordinate_financing_type": {"loan_subordinate_financing_type": "HELOC"},
    "account_class": {"class_name": "mortgage", "class_type": "LOAN"},
    "custom": [{"field_name": "custom_string", "value": "something"}],
}
NOT_FOUND = "Unable to find target for relationship: '{}'"


@pytest.fixture
def named(owner: dict[str, Any]) -> dict[str, Any]:
    """Return the owner as an admin names it."""
    return {"username": owner["username"]}


@pytest.fixture
def lender(sandbox: InProcessSandbox, owner: dict[str, Any]) -> Caller:
    """The owner's own token."""
    return sandbox.user(owner, scope="loanInteraction leadInteraction")


def put(caller: Caller, **more: Any) -> int:
    response = caller.create("loans", **{**LOAN, "borrower": BORROWER, **more})
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def found(caller: Caller, filter: str) -> list[int]:
    return [item["id"] for item in caller.items("loans", filter=filter)]


def test_an_admins_loan_creates_its_participants(admin: Caller, owner: dict[str, Any]) -> None:
    response = admin.create(
        "loans",
        **LOAN,
        owner={"username": owner["username"]},
        borrower=BORROWER,
        coborrower=BORROWER | {"first_name": "Nils", "email": "nils.oakes@mail.example"},
        buyers_agent=AGENT,
    )
    assert response.status_code == 201
    id = response.json()["id"]
    assert response.json()["created"] == f"sandbox.example/v1/loans/{id}"
    shown = admin.get(f"loans/{id}")
    assert shown["owner"]["id"] == owner["id"]
    assert (shown["borrower"]["email"], shown["coborrower"]["first_name"]) == (BORROWER["email"], "Nils")
    assert shown["attorney"] is None
    assert shown["loan_type"]["loan_type"] == "FHA"
    assert shown["account_class"] == LOAN["account_class"]
    assert shown["loan_subordinate_financing_type"] == LOAN["loan_subordinate_financing_type"]
    assert shown["custom"] == [{**LOAN["custom"][0], "description": "Free text"}]
    assert (shown["zip_code"], shown["annual_review_date"]) == ("55102", "1970-05-04")
    borrower = admin.get(f"contacts/{shown['borrower']['id']}")
    assert (borrower["owner"]["id"], borrower["source"]) == (owner["id"], "LOS")


def test_a_users_loan_refers_to_their_own_contacts(lender: Caller) -> None:
    contact = lender.create("contacts", **ada(external_id="A-1")).json()["id"]
    id = put(lender, borrower={"id": contact}, coborrower={"external_id": "A-1"})
    shown = lender.get(f"loans/{id}")
    assert "owner" not in shown
    assert (
        shown["borrower"]
        == shown["coborrower"]
        == {
            "email": "ada.birch@mail.example",
            "external_id": "A-1",
            "first_name": "Ada",
            "id": contact,
            "last_name": "Birch",
        }
    )
    assert [item["id"] for item in lender.items("loans", filter="loan_number=81009001")] == [id]


def test_a_known_borrower_is_updated_and_not_duplicated(admin: Caller, named: dict[str, Any]) -> None:
    contact = admin.create("contacts", **BORROWER, owner=named).json()["id"]
    id = put(admin, owner=named, borrower=BORROWER | {"phone_cell": "612-555-0100"})
    assert admin.get(f"loans/{id}")["borrower"]["id"] == contact
    assert admin.get(f"contacts/{contact}")["phone_cell"] == "612-555-0100"


@pytest.mark.parametrize("missing", ["external_id", "borrower", "owner"])
def test_a_loan_needs_its_required_attributes(admin: Caller, named: dict[str, Any], missing: str) -> None:
    body = {**LOAN, "owner": named, "borrower": BORROWER}
    del body[missing]
    rejected = admin.create("loans", **body)
    assert rejected.status_code == 422
    assert missing in rejected.json()["error"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", {"username": "nobody"}),
        ("borrower", {"id": 5}),
        ("coborrower", {"external_id": "nobody's"}),
        ("attorney", {"first_name": "Half"}),
        ("borrower", "Mina Oakes"),
        ("referring_loan_officer", {"id": 5}),
        ("loan_type", {"loan_type": "Imaginary"}),
        ("loan_status", {"id": 5}),
        ("account_class", {"class_name": "mortgage", "class_type": "ACCOUNT"}),
        ("custom", [{"field_name": "undefined", "value": "x"}]),
    ],
)
def test_errors_name_what_was_not_found(admin: Caller, named: dict[str, Any], name: str, value: Any) -> None:
    before = len(admin.items("contacts"))
    rejected = admin.create("loans", **{**LOAN, "owner": named, "borrower": BORROWER, name: value})
    assert (rejected.status_code, rejected.json()) == (422, {"error": NOT_FOUND.format(name)})
    assert len(admin.items("contacts")) == before


def test_a_new_borrower_needs_what_a_contact_needs(admin: Caller, named: dict[str, Any]) -> None:
    unreachable = {name: value for name, value in BORROWER.items() if name != "email"}
    rejected = admin.create("loans", **LOAN, owner=named, borrower=unreachable)
    assert rejected.status_code == 422
    assert "Missing required attributes" in rejected.json()["error"]


def test_the_same_loan_is_a_duplicate_and_is_updated(admin: Caller, named: dict[str, Any]) -> None:
    id = put(admin, owner=named)
    again = admin.create("loans", external_id="los-9001", loan_rate="5.5", owner=named, borrower=BORROWER)
    assert (again.status_code, again.json()["id"]) == (200, id)
    by_number = admin.create(
        "loans", external_id="OTHER", loan_number="81009001", owner=named, borrower=BORROWER
    )
    assert (by_number.status_code, by_number.json()["id"]) == (200, id)
    assert admin.get(f"loans/{id}")["loan_rate"] == "5.5"


def test_a_loan_can_be_updated_and_deleted(admin: Caller, named: dict[str, Any]) -> None:
    id = put(admin, owner=named, coborrower=AGENT)
    response = admin.update(
        f"loans/{id}",
        coborrower=None,
        loan_status={"loan_status": "Funded"},
        funded_date="2026-06-01T10:00:00Z",
        closing_date="0000-00-00 00:00:00",
    )
    assert (response.status_code, response.json()) == (200, [])
    shown = admin.get(f"loans/{id}")
    assert (shown["coborrower"], shown["loan_status"]["loan_status"]) == (None, "Funded")
    assert (shown["funded_date"], shown["closing_date"]) == ("2026-06-01 10:00:00", None)
    assert (admin.delete(f"loans/{id}").json(), admin.call("GET", f"loans/{id}").status_code) == ([], 404)


def test_a_borrower_cannot_be_deleted_before_the_loan(admin: Caller, named: dict[str, Any]) -> None:
    id = put(admin, owner=named)
    borrower = admin.get(f"loans/{id}")["borrower"]["id"]
    assert admin.delete(f"contacts/{borrower}").status_code == 409
    admin.delete(f"loans/{id}")
    assert admin.delete(f"contacts/{borrower}").status_code == 200


def test_emails_to_contacts_created_with_a_loan_can_be_suppressed(
    sandbox: InProcessSandbox, admin: Caller, named: dict[str, Any]
) -> None:
    held = {**BORROWER, "contact_groups": [{"group_name": "Newsletter"}]}
    put(admin, owner=named, borrower=held, options={"suppress_emails": True})
    assert sandbox.get_control("outbox") == []
    other = {**held, "first_name": "Nora", "email": "nora.oakes@mail.example"}
    put(admin, owner=named, borrower=other, external_id="LOS-2", loan_number="2")
    assert [mail["to"] for mail in sandbox.get_control("outbox")] == ["nora.oakes@mail.example"]


def test_a_new_owner_gets_copies_of_the_participants(
    sandbox: InProcessSandbox, admin: Caller, named: dict[str, Any]
) -> None:
    other = sandbox.officers()[1]
    known = admin.create("contacts", **AGENT, owner={"id": other["id"]}).json()["id"]
    in_group = {**BORROWER, "contact_groups": [{"group_name": "Newsletter"}]}
    id = put(admin, owner=named, borrower=in_group, buyers_agent=AGENT)
    before = admin.get(f"loans/{id}")
    response = admin.create("loans", id=id, owner={"id": other["id"]})
    assert (response.status_code, response.json()["id"]) == (200, id)
    after = admin.get(f"loans/{id}")
    assert after["owner"]["id"] == other["id"]
    assert after["buyers_agent"]["id"] == known
    copied = admin.get(f"contacts/{after['borrower']['id']}")
    assert (copied["owner"]["id"], copied["contact_groups"]) == (other["id"], [])
    assert copied["email"] == BORROWER["email"]
    left = admin.get(f"contacts/{before['borrower']['id']}")
    assert left["owner"]["username"] == named["username"]
    assert admin.delete(f"contacts/{left['id']}").status_code == 200


def test_a_loan_cannot_move_to_an_owner_with_the_same_loan(
    sandbox: InProcessSandbox, admin: Caller, named: dict[str, Any]
) -> None:
    other = sandbox.officers()[1]
    put(admin, owner={"id": other["id"]})
    id = put(admin, owner=named)
    before = admin.get(f"loans/{id}")
    assert admin.update(f"loans/{id}", owner={"id": other["id"]}).status_code == 422
    assert admin.get(f"loans/{id}") == before


def test_each_filter_finds_the_loan(sandbox: InProcessSandbox, admin: Caller) -> None:
    owner = next(user for user in sandbox.officers() if user["external_id"])
    id = put(
        admin,
        owner={"id": owner["id"]},
        buyers_agent=AGENT,
        attorney=AGENT | {"first_name": "Lea", "email": "lea.reed@post.example"},
        funded_date="2031-02-03 00:00:00",
    )
    shown = admin.get(f"loans/{id}")
    for filter in (
        f"owner_id={owner['id']},loan_number=81009001",
        f"owner_email={owner['email']},external_id=LOS-9001",
        f"owner_username={owner['username']},external_id=LOS-9001",
        f"owner_external_id={owner['external_id']},external_id=LOS-9001",
        f"borrower_id={shown['borrower']['id']}",
        f"agent_id={shown['buyers_agent']['id']}",
        f"other_id={shown['attorney']['id']}",
        "role_system_name=attorney",
        "loan_type=fha,loan_status=Application,loan_program=30-year fixed,loan_purpose=Purchase,loan_number=81009001",
        "account_class_name=mortgage,account_class_type=LOAN,loan_number=81009001",
        "loan_name_contains=on Heron",
        "funded_date_start=2031-02-03T00:00:00Z,funded_date_end=2031-02-03T00:00:00Z",
        "internal_created_at_start=2026-01-01T00:00:00Z,internal_updated_at_start=2026-01-01T00:00:00Z,loan_number=81009001",
    ):
        assert found(admin, filter) == [id], filter
        assert found(admin, filter + ",external_id=another") == []


@pytest.mark.parametrize(
    "filter",
    ["funded_date_end=2031-02-03T00:00:00Z", "loan_name_contains=ab", "status=1", "funded_date_start=x"],
)
def test_an_invalid_filter_is_rejected(admin: Caller, filter: str) -> None:
    assert admin.call("GET", "loans", params={"filter": filter}).status_code == 422


def test_an_unknown_role_finds_nothing(admin: Caller) -> None:
    assert found(admin, "role_system_name=owner") == []


def test_loans_can_be_sorted(admin: Caller, named: dict[str, Any]) -> None:
    put(admin, owner=named)
    names = [item["loan_name"] for item in admin.items("loans", sort="-loan_name")]
    assert names == sorted(names, key=str.casefold, reverse=True)


def test_other_owners_loans_are_hidden(sandbox: InProcessSandbox, admin: Caller, lender: Caller) -> None:
    mine = {item["id"] for item in lender.items("loans")}
    others = {item["id"] for item in admin.items("loans")} - mine
    assert others
    assert lender.call("GET", f"loans/{others.pop()}").status_code == 404
    theirs = sandbox.admin(BLUEWATER).items("loans")[0]["id"]
    assert admin.call("GET", f"loans/{theirs}").status_code == 404
    assert admin.update(f"loans/{theirs}", loan_rate="1").status_code == 404
