"""Entities: the documented requests, and their contacts."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

MEMBERS = {"system_name": "members"}
HEAD = {"system_name": "head_of_household"}


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    response = admin.create("contacts", **ada(owner={"id": owner["id"]}, external_id="C-1"))
    return int(response.json()["id"])


def household(admin: Caller, **more: Any) -> str:
    body = {"entity_name": "Birch household", "entity_type": {"system_name": "household"}, **more}
    response = admin.create("entities", **body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


def members(admin: Caller, id: str) -> dict[str, list[int]]:
    """Return the ids of contacts by type of relationship."""
    return {
        entry["relationship_type"]["system_name"]: [child["id"] for child in entry["children"]]
        for entry in admin.get(f"entities/{id}")["related_entities"]
    }


def test_an_entity_is_created_with_a_known_contact(admin: Caller, contact: int) -> None:
    related = [{"relationship_type": MEMBERS, "children": [{"external_id": "C-1"}]}]
    custom = [{"field_name": "custom_string", "value": "gold"}]
    id = household(admin, related_entities=related, custom=custom)
    shown = admin.get(f"entities/{id}")
    assert shown["id"] == id
    assert shown["entity_type"] == {"system_name": "household"}
    assert shown["custom"] == [{**custom[0], "description": "Free text"}]
    assert "owner" not in shown
    child = {
        "email": "ada.birch@mail.example",
        "external_id": "C-1",
        "first_name": "Ada",
        "last_name": "Birch",
    }
    assert shown["related_entities"] == [
        {"relationship_type": MEMBERS, "children": [{**child, "id": contact}]}
    ]


def test_an_entity_with_an_owner_can_create_contacts(admin: Caller, owner: dict[str, Any]) -> None:
    related = [{"relationship_type": MEMBERS, "children": [ada(), ada(first_name="Ben")]}]
    id = household(admin, related_entities=related, owner={"username": owner["username"]})
    assert admin.get(f"entities/{id}")["owner"]["id"] == owner["id"]
    found = members(admin, id)["members"]
    assert [admin.get(f"contacts/{child}")["owner"]["id"] for child in found] == [owner["id"]] * 2


def test_an_entity_without_an_owner_cannot_create_contacts(admin: Caller) -> None:
    related = [{"relationship_type": MEMBERS, "children": [ada()]}]
    rejected = admin.create("entities", entity_name="Birch household", related_entities=related)
    assert rejected.status_code == 422
    assert rejected.json() == {"error": "Unable to find target for relationship: 'owner'"}


def test_contacts_can_be_added_and_removed(admin: Caller, contact: int) -> None:
    id = household(admin)
    assert admin.get(f"entities/{id}")["related_entities"] == []
    both = [{"relationship_type": kind, "children": [{"id": contact}]} for kind in (MEMBERS, HEAD)]
    response = admin.update(f"entities/{id}", phone="(612)555-0100", related_entities=both)
    assert (response.status_code, response.json()) == (200, [])
    assert admin.get(f"entities/{id}")["phone"] == "(612)555-0100"
    admin.update(f"entities/{id}", related_entities=both)
    assert members(admin, id) == {"members": [contact], "head_of_household": [contact]}
    admin.update(f"entities/{id}", remove_related_entities=both[:1])
    assert members(admin, id) == {"head_of_household": [contact]}


def test_a_discrete_relationship_allows_one_contact(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    other = admin.create("contacts", **ada(first_name="Ben", owner={"id": owner["id"]})).json()["id"]
    id = household(admin, related_entities=[{"relationship_type": HEAD, "children": [{"id": contact}]}])
    second = [{"relationship_type": HEAD, "children": [{"id": other}]}]
    assert admin.update(f"entities/{id}", related_entities=second).status_code == 422
    assert members(admin, id) == {"head_of_household": [contact]}


@pytest.mark.parametrize(
    ("related", "name"),
    [
        ({"relationship_type": {"system_name": "pets"}, "children": []}, "relationship_type"),
        ({"children": []}, "relationship_type"),
        ({"relationship_type": MEMBERS, "children": [{"id": 3}]}, "children"),
        ({"relationship_type": MEMBERS, "children": ["Ada"]}, "children"),
    ],
)
def test_errors_name_what_was_not_found(admin: Caller, related: Any, name: str) -> None:
    rejected = admin.create("entities", entity_name="Birch household", related_entities=[related])
    assert rejected.status_code == 422
    assert rejected.json() == {"error": f"Unable to find target for relationship: '{name}'"}
    assert admin.create("entities", entity_name="B", related_entities="x").status_code == 422


def test_a_deleted_contact_is_removed_from_its_entity(
    sandbox: InProcessSandbox, admin: Caller, contact: int
) -> None:
    id = household(admin, related_entities=[{"relationship_type": MEMBERS, "children": [{"id": contact}]}])
    count = sandbox.get_control("state")["organizations"]["Cedar Home Lending"]["entity-members"]["count"]
    assert admin.delete(f"contacts/{contact}").status_code == 200
    assert members(admin, id) == {}
    after = sandbox.get_control("state")["organizations"]["Cedar Home Lending"]["entity-members"]["count"]
    assert after == count - 1


def test_deleting_an_entity_keeps_its_contacts(admin: Caller, contact: int) -> None:
    id = household(admin, related_entities=[{"relationship_type": MEMBERS, "children": [{"id": contact}]}])
    assert admin.delete(f"entities/{id}").json() == []
    assert admin.call("GET", f"entities/{id}").status_code == 404
    assert admin.get(f"contacts/{contact}")["id"] == contact


def test_a_known_external_id_is_a_duplicate(admin: Caller) -> None:
    id = household(admin, external_id="HH-X")
    again = admin.create("entities", entity_name="Renamed", external_id="hh-x")
    assert (again.status_code, str(again.json()["id"])) == (200, id)
    assert admin.get(f"entities/{id}")["entity_name"] == "Renamed"


def test_an_entity_needs_a_name(admin: Caller) -> None:
    assert admin.create("entities").json() == {"error": "Missing required attribute: 'entity_name'"}


def test_entities_can_be_sorted_and_are_for_admins(sandbox: InProcessSandbox, admin: Caller) -> None:
    household(admin)
    names = [item["entity_name"] for item in admin.items("entities", sort="-entity_name")]
    assert names == sorted(names, key=str.casefold, reverse=True)
    assert sandbox.user(sandbox.officers()[0]).call("GET", "entities").status_code == 401


def test_other_organizations_entities_are_hidden(sandbox: InProcessSandbox, admin: Caller) -> None:
    theirs = sandbox.admin(BLUEWATER).items("entities")[0]["id"]
    assert admin.call("GET", f"entities/{theirs}").status_code == 404


def test_relationship_types_are_listed(admin: Caller) -> None:
    types = {item["system_name"]: item["is_discrete"] for item in admin.items("entity-relationship-types")}
    assert types == {"members": False, "head_of_household": True}
    assert admin.create("entity-relationship-types", system_name="x").status_code == 405


@pytest.mark.parametrize("path", ["entity-types", "entity-members", "lead-sources", "email-templates"])
def test_records_without_a_url_are_not_found(admin: Caller, path: str) -> None:
    assert admin.call("GET", path).status_code == 404
    assert admin.call("GET", f"{path}/1").status_code == 404
