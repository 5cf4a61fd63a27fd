"""The activity feed of contacts."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

SHAPE = {
    "id", "contact_id", "created_at", "details", "note_id", "notes", "owner", "owner_id", "title", "type",
}  # fmt: skip


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    response = admin.create("contacts", **ada(owner={"id": owner["id"]}))
    return int(response.json()["id"])


def of(caller: Caller, contact: int, **more: Any) -> list[dict[str, Any]]:
    return caller.items("activity", filter=f"contact_id={contact}", **more)


def test_a_new_contact_is_an_activity(admin: Caller, owner: dict[str, Any], contact: int) -> None:
    found = of(admin, contact)
    assert [item["type"] for item in found] == ["Contact Created"]
    assert set(found[0]) == SHAPE
    assert (found[0]["owner_id"], found[0]["owner"]["id"]) == (owner["id"], owner["id"])
    assert admin.get(f"activity/{found[0]['id']}") == found[0]


def test_a_note_is_an_activity_with_its_text(admin: Caller, owner: dict[str, Any], contact: int) -> None:
    named = {"owner": {"id": owner["id"]}, "contact": {"id": contact}}
    note = admin.create("contact-notes", title="Call", note="Calls back", type_id=7, **named)
    latest = of(admin, contact)[-1]
    assert (latest["type"], latest["title"], latest["notes"]) == ("Note", "Call", "Calls back")
    assert latest["note_id"] == note.json()["id"]


def test_a_campaign_email_is_an_activity(admin: Caller, contact: int) -> None:
    admin.update(f"contacts/{contact}", contact_groups=[{"group_name": "Newsletter"}])
    assert [item["type"] for item in of(admin, contact)] == ["Contact Created", "Email"]


def test_a_loan_is_an_activity_of_its_borrower(admin: Caller, owner: dict[str, Any], contact: int) -> None:
    loan = admin.create(
        "loans", external_id="L-1", loan_name="Home", borrower={"id": contact}, owner={"id": owner["id"]}
    )
    latest = of(admin, contact)[-1]
    assert (latest["type"], latest["title"]) == ("Loan Created", "Home")
    assert latest["details"] == f"loans/{loan.json()['id']}"


def test_activities_can_be_filtered_and_sorted(admin: Caller, owner: dict[str, Any], contact: int) -> None:
    admin.update(f"contacts/{contact}", contact_groups=[{"group_name": "Newsletter"}])
    ids = [item["id"] for item in of(admin, contact)]
    assert [item["id"] for item in of(admin, contact, sort="-created_at")] == ids[::-1]
    filter = f"type=Email,owner_id={owner['id']},contact_id={contact}"
    assert [item["id"] for item in admin.items("activity", filter=filter)] == ids[1:]
    early = f"contact_id={contact},internal_created_at_end=2020-01-01T00:00:00Z"
    assert admin.items("activity", filter=early) == []
    late = f"contact_id={contact},internal_created_at_start=2020-01-01T00:00:00Z"
    assert [item["id"] for item in admin.items("activity", filter=late)] == ids


def test_a_user_sees_the_activities_of_their_own_contacts(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    assert of(sandbox.user(owner), contact)
    assert of(sandbox.user(sandbox.officers()[1]), contact) == []


def test_activities_are_deleted_with_their_contact(admin: Caller, contact: int) -> None:
    id = of(admin, contact)[0]["id"]
    admin.delete(f"contacts/{contact}")
    assert of(admin, contact) == []
    assert admin.call("GET", f"activity/{id}").status_code == 404


def test_activities_are_read_only_and_hidden_from_others(
    sandbox: InProcessSandbox, admin: Caller, contact: int
) -> None:
    id = of(admin, contact)[0]["id"]
    for method, path in (("POST", "activity"), ("PATCH", f"activity/{id}"), ("DELETE", f"activity/{id}")):
        assert admin.call(method, path, json={}).status_code == 405
    assert sandbox.admin(BLUEWATER).call("GET", f"activity/{id}").status_code == 404
