"""Notes: the documented requests and their effects."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

NOTE: dict[str, Any] = {"title": "Call", "note": "Likes <sub>small</sub> print", "type_id": 7}


@pytest.fixture
def contact(admin: Caller, owner: dict[str, Any]) -> int:
    return int(admin.create("contacts", **ada(owner={"id": owner["id"]})).json()["id"])


def create(caller: Caller, **more: Any) -> int:
    response = caller.create("contact-notes", **{**NOTE, **more})
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def test_an_admins_note_is_created_and_shown_as_documented(
    admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    body = {"contact": ada(), "owner": {"username": owner["username"]}, "outcome": {"outcome_id": 1}}
    response = admin.create("contact-notes", **NOTE, **body)
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/contact-notes/{id}", "id": id}
    assert admin.get(f"contact-notes/{id}") == {
        "id": id,
        "title": "Call",
        "note": "Likes <sub>small</sub> print",
        "type_id": "7",
        "contact": {"id": contact},
        "owner": {name: owner[name] for name in ("email", "external_id", "id", "username")},
    }


def test_a_users_note_shows_no_owner(sandbox: InProcessSandbox, owner: dict[str, Any], contact: int) -> None:
    user = sandbox.user(owner)
    id = create(user, contact={"id": str(contact)})
    assert set(user.get(f"contact-notes/{id}")) == {"id", "title", "note", "type_id", "contact"}
    assert all("owner" not in item for item in user.items("contact-notes"))


@pytest.mark.parametrize(
    "named",
    [
        {"id": 600},
        ada(email="someone.else@mail.example"),
        ada(source="Another system"),
        ada(city="Elsewhere"),
        {"first_name": "Ada"},
        {},
        None,
        "Ada",
        [{"id": 1}],
    ],
)
def test_a_contact_that_does_not_match_exactly_is_rejected_as_documented(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int, named: Any
) -> None:
    response = sandbox.user(owner).create("contact-notes", **NOTE, contact=named)
    assert response.status_code == 422
    assert response.json() == {"error": "Unable to find target for relationship: 'contact'"}


@pytest.mark.parametrize(
    "named",
    [
        {"first_name": "ADA", "last_name": "birch", "email": "Ada.Birch@mail.example"},
        {"first_name": "Ada", "last_name": "Birch", "phone_cell": "763 555 0123"},
        {"external_ids": [{"source": "OurSystem", "external_id": "e-77"}]},
    ],
)
def test_a_contact_can_be_named_by_each_unique_combination(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int, named: dict[str, Any]
) -> None:
    admin.update(f"contacts/{contact}", phone_cell="(763)555-0123", external_id="e-77")
    user = sandbox.user(owner)
    assert user.get(f"contact-notes/{create(user, contact=named)}")["contact"] == {"id": contact}


def test_the_contact_must_belong_to_the_owner(sandbox: InProcessSandbox, admin: Caller, contact: int) -> None:
    colleague = sandbox.officers()[1]
    rejected = admin.create("contact-notes", **NOTE, contact={"id": contact}, owner={"id": colleague["id"]})
    assert rejected.json() == {"error": "Unable to find target for relationship: 'contact'"}
    assert sandbox.user(colleague).create("contact-notes", **NOTE, contact={"id": contact}).status_code == 422


@pytest.mark.parametrize("missing", ["title", "note", "type_id"])
def test_a_note_without_required_attributes_is_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int, missing: str
) -> None:
    body = {**NOTE, "contact": {"id": contact}}
    del body[missing]
    response = sandbox.user(owner).create("contact-notes", **body)
    assert response.status_code == 422
    assert missing in response.json()["error"]


@pytest.mark.parametrize("type_id", [0, 35, "x", 1.5])
def test_an_unknown_type_is_rejected(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int, type_id: Any
) -> None:
    body = {**NOTE, "contact": {"id": contact}, "type_id": type_id}
    assert sandbox.user(owner).create("contact-notes", **body).status_code == 422


def test_notes_have_no_duplicates_and_can_be_updated_and_deleted(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    first, second = (create(user, contact={"id": contact}) for _ in range(2))
    assert first != second
    response = user.update(f"contact-notes/{first}", title="Second call", type_id=2, contact=ada())
    assert (response.status_code, response.json()) == (200, [])
    shown = user.get(f"contact-notes/{first}")
    assert (shown["title"], shown["note"], shown["type_id"]) == ("Second call", NOTE["note"], "2")
    response = user.delete(f"contact-notes/{first}")
    assert (response.status_code, response.json()) == (200, [])
    assert user.call("GET", f"contact-notes/{first}").status_code == 404
    assert user.get(f"contact-notes/{second}")["contact"] == {"id": contact}


def test_an_update_cannot_remove_a_notes_contact(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    user = sandbox.user(owner)
    id = create(user, contact={"id": contact})
    for named in (None, {"id": 600}):
        assert user.update(f"contact-notes/{id}", contact=named).status_code == 422
    assert user.get(f"contact-notes/{id}")["contact"] == {"id": contact}


def test_a_note_can_only_follow_its_contact_to_another_owner(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], contact: int
) -> None:
    id = create(sandbox.user(owner), contact={"id": contact})
    colleague = {"id": sandbox.officers()[1]["id"]}
    rejected = admin.update(f"contact-notes/{id}", owner=colleague)
    assert rejected.json() == {"error": "Unable to find target for relationship: 'contact'"}
    assert admin.update(f"contacts/{contact}", owner=colleague).status_code == 200
    assert admin.get(f"contact-notes/{id}")["owner"]["id"] == owner["id"]
    assert admin.update(f"contact-notes/{id}", owner=colleague).status_code == 200
    assert admin.get(f"contact-notes/{id}")["owner"]["id"] == colleague["id"]


def test_other_owners_notes_are_not_found(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    id = create(sandbox.user(owner), contact={"id": contact})
    for stranger in (sandbox.user(sandbox.officers()[1]), sandbox.admin(BLUEWATER)):
        assert stranger.call("GET", f"contact-notes/{id}").status_code == 404
        assert stranger.update(f"contact-notes/{id}", title="Mine").status_code == 404
        assert stranger.delete(f"contact-notes/{id}").status_code == 404


def test_notes_are_filtered_as_documented(
    sandbox: InProcessSandbox, owner: dict[str, Any], contact: int
) -> None:
    sandbox.post_control("clock", {"advance": 60})
    user = sandbox.user(owner)
    id = create(user, title="Paint", note="The fence, blue", type_id=19, contact={"id": contact})
    since = sandbox.get_control("state")["now"].replace("+00:00", "Z")
    for filter in (
        "title=paint",
        "notes=the fence, blue",
        "type_id=19",
        "title_contains=ain",
        "notes_contains=fence",
        "title=Paint,is_private=false",
    ):
        assert [item["id"] for item in user.items("contact-notes", filter=filter)] == [id], filter
    assert user.items("contact-notes", filter="is_private=1") == []
    assert id in {item["id"] for item in user.items("contact-notes", filter=f"created_on_end={since}")}
    assert user.items("contact-notes", filter="created_on_start=2999-01-01T00:00:00Z") == []
    for rejected in ("contact_id=1", "notes_contains=ab", "is_private=perhaps"):
        assert user.call("GET", "contact-notes", params={"filter": rejected}).status_code == 422
