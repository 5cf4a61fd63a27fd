"""Contact groups: documented requests, names per owner, and deletion."""

from typing import Any

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada


def test_an_admins_group_is_created_and_shown_with_its_owner(admin: Caller, owner: dict[str, Any]) -> None:
    response = admin.create("contact-groups", group_name="My Group", owner={"email": owner["email"]})
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/contact-groups/{id}", "id": id}
    assert admin.get(f"contact-groups/{id}") == {
        "group_name": "My Group",
        "id": id,
        "user_editable": True,
        "owner": {name: owner[name] for name in ("email", "external_id", "id", "username")},
    }


def test_a_users_group_is_shown_without_its_owner(sandbox: InProcessSandbox, owner: dict[str, Any]) -> None:
    caller = sandbox.user(owner)
    id = caller.create("contact-groups", group_name="My Group").json()["id"]
    assert caller.get(f"contact-groups/{id}") == {"group_name": "My Group", "id": id, "user_editable": True}
    assert all(set(item) == {"group_name", "id", "user_editable"} for item in caller.items("contact-groups"))


def test_an_unknown_owner_is_rejected_as_documented(admin: Caller) -> None:
    response = admin.create("contact-groups", group_name="My Group", owner={"external_id": "userExternal1"})
    assert response.status_code == 422
    assert response.json() == {"error": "Unable to find target for relationship: 'owner'"}


def test_a_name_is_unique_per_owner(sandbox: InProcessSandbox, admin: Caller) -> None:
    first, second = (
        admin.create("contact-groups", group_name="Shared name", owner={"id": user["id"]})
        for user in sandbox.officers()[:2]
    )
    assert (first.status_code, second.status_code) == (201, 201)
    again = admin.create(
        "contact-groups", group_name="shared NAME", owner={"id": sandbox.officers()[0]["id"]}
    )
    assert again.status_code == 200
    assert again.json()["id"] == first.json()["id"]
    assert "duplicate" in again.json()


def test_contacts_show_the_new_name_of_a_renamed_group(admin: Caller, owner: dict[str, Any]) -> None:
    id = admin.create("contact-groups", group_name="Before", owner={"id": owner["id"]}).json()["id"]
    body = ada(owner={"id": owner["id"]}, contact_groups=[{"id": str(id)}])
    contact = admin.create("contacts", **body).json()["id"]
    response = admin.update(f"contact-groups/{id}", group_name="After")
    assert (response.status_code, response.json()) == (200, [])
    assert admin.get(f"contacts/{contact}")["contact_groups"] == [{"group_name": "After", "id": id}]


def test_renaming_to_a_name_in_use_is_rejected(admin: Caller, owner: dict[str, Any]) -> None:
    id = admin.create("contact-groups", group_name="Mine", owner={"id": owner["id"]}).json()["id"]
    assert admin.update(f"contact-groups/{id}", group_name="Newsletter").status_code == 422
    assert admin.update(f"contact-groups/{id}", group_name="mine").status_code == 200


def test_a_group_needs_a_name(admin: Caller, owner: dict[str, Any]) -> None:
    assert admin.create("contact-groups", owner={"id": owner["id"]}).status_code == 422


def test_a_deleted_group_disappears_and_its_contacts_stay(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = admin.create("contact-groups", group_name="Short-lived", owner={"id": owner["id"]}).json()["id"]
    body = ada(owner={"id": owner["id"]}, contact_groups=[{"id": id}])
    contact = admin.create("contacts", **body).json()["id"]
    with_it = sandbox.get_control("state")["organizations"]["Cedar Home Lending"]["contacts"]
    response = admin.delete(f"contact-groups/{id}")
    assert (response.status_code, response.json()) == (200, [])
    assert admin.call("GET", f"contact-groups/{id}").status_code == 404
    assert admin.get(f"contacts/{contact}")["contact_groups"] == []
    without_it = sandbox.get_control("state")["organizations"]["Cedar Home Lending"]["contacts"]
    assert with_it["digest"] != without_it["digest"]


def test_a_group_cannot_change_its_owner(sandbox: InProcessSandbox, admin: Caller) -> None:
    one, other = sandbox.officers()[:2]
    group = admin.create("contact-groups", group_name="Mine", owner={"id": one["id"]}).json()["id"]
    assert admin.update(f"contact-groups/{group}", owner={"id": other["id"]}).status_code == 422
    assert (
        admin.update(f"contact-groups/{group}", owner={"id": one["id"]}, group_name="New").status_code == 200
    )
