"""How contacts relate to other users, loans, entities and duplicates."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada
from tests.integrations.sandbox.resources.test_contacts import create


def test_a_shared_contact_cannot_be_deleted(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    colleague = sandbox.officers()[1]
    id = create(admin, owner, shared_with_users=[{"id": colleague["id"]}])
    response = admin.delete(f"contacts/{id}")
    assert response.status_code == 409
    assert response.json() == {"error": "Unable to delete: the contact is shared with other users"}
    assert admin.call("GET", f"contacts/{id}").status_code == 200


def test_a_contact_in_a_loan_cannot_be_deleted(admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner)
    loan = admin.create("loans", owner={"id": owner["id"]}, external_id="L-4711", borrower={"id": id})
    assert loan.status_code == 201, loan.text
    response = admin.delete(f"contacts/{id}")
    assert (response.status_code, response.json()) == (
        409,
        {"error": "Unable to delete: it is used in loans"},
    )
    assert admin.delete(f"loans/{loan.json()['id']}").status_code == 200
    assert admin.delete(f"contacts/{id}").status_code == 200


def test_a_patch_without_an_id_updates_the_duplicated_contact(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner)
    user = sandbox.user(owner)
    known = {"first_name": "ada", "last_name": "birch", "email": "ada.birch@mail.example"}
    response = user.update("contacts/", **known, nickname="Addie", source="Elsewhere")
    assert (response.status_code, response.json()) == (200, [])
    assert user.get(f"contacts/{id}")["nickname"] == "Addie"
    assert user.update("contacts", **known, owner={"id": sandbox.officers()[1]["id"]}).status_code == 200
    assert admin.update("contacts", **known, owner={"id": owner["id"]}, city="Fairhaven").status_code == 200
    assert admin.get(f"contacts/{id}")["city"] == "Fairhaven"
    unknown = user.update("contacts", first_name="Nobody", last_name="Birch", email="x@mail.example")
    assert unknown.status_code == 404
    assert admin.update("contacts", **known).json() == {
        "error": "Unable to find target for relationship: 'owner'"
    }


def test_a_contact_can_join_and_leave_entities(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    entity = admin.create("entities", entity_name="Birch family", external_id="fam-1").json()["id"]
    members = {"relationship_type": {"system_name": "members"}}
    body = {**members, "parent": {"id": str(entity), "entity_name": "Birch family"}}
    id = create(admin, owner, related_entities=[body])
    assert sandbox.user(owner).get(f"contacts/{id}")["related_entities"] == [body]
    (shown,) = admin.get(f"entities/{entity}")["related_entities"]
    assert [child["id"] for child in shown["children"]] == [id]
    by_external_id = {**members, "parent": {"external_id": "fam-1"}}
    assert admin.update(f"contacts/{id}", remove_related_entities=[by_external_id]).status_code == 200
    assert "related_entities" not in admin.get(f"contacts/{id}")


@pytest.mark.parametrize(
    ("entry", "relationship"),
    [
        ({"relationship_type": {"system_name": "members"}, "parent": {"id": "1234abcd7"}}, "parent"),
        ({"relationship_type": {"system_name": "members"}}, "parent"),
        (
            {"relationship_type": {"system_name": "rivals"}, "parent": {"entity_name": "E"}},
            "relationship_type",
        ),
    ],
)
def test_an_unknown_entity_or_relationship_type_is_rejected(
    admin: Caller, owner: dict[str, Any], entry: dict[str, Any], relationship: str
) -> None:
    admin.create("entities", entity_name="E")
    response = admin.create("contacts", **ada(owner={"id": owner["id"]}, related_entities=[entry]))
    assert response.status_code == 422
    assert response.json() == {"error": f"Unable to find target for relationship: '{relationship}'"}
