"""Contacts: the documented requests and their effects."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

FULL: dict[str, Any] = {
    "title": "Doctor", "first_name": "Tilda", "last_name": "Marsh", "email": "tilda@mail.example",
    "email_work": "tilda.marsh@work.example", "address": "12 Fern Way", "address_2": "Apartment 8", "city": "Fairhaven",
    "state": "MN", "zip_code": "55123", "phone_cell": "(763)555-0123", "phone_office": "(763)555-0134",
    "phone_home": "(612)-555-0123", "employer_name": "Lumen Dental", "employer_address": "4 Quarry Rd",
    "employer_address_2": "Ste 3", "employer_city": "Stonebridge", "employer_state": "CO", "employer_zip": "80201",
    "license_number": "Q1010", "source": "OurSystem", "creation_date": "2017-01-01 11:11:11",
    "last_contacted_date": "2017-01-01 12:12:12", "list_date": "2016-12-25 10:00:00",
    "close_date": "2016-12-26 09:09:09", "external_id": "101010", "birthday": "1983-04-05", "ok_to_mail": 0,
    "ok_to_email": 0, "ok_to_call": 0, "preferences": {"is_silenced": True},
    "custom": [{"field_name": "custom_string", "value": "blue"}],
    "external_ids": [{"source": "local", "external_id": "abcd"}], "external_status": {"status_name": "Processing"},
}  # fmt: skip
ATTRIBUTES = set(
    """address address_2 birthday city classification close_date creation_date credit_score credit_score_date
    credit_score_expiration_date email email_work employer_address employer_address_2 employer_city
    employer_license_number employer_name employer_state employer_zip external_id fax first_name id
    internal_created_at internal_updated_at last_contacted_date last_modified_date last_name license_number
    linkedin_url list_date nickname ok_to_call ok_to_email ok_to_mail other_url phone_cell phone_home phone_office
    pre_approval_issued_date referred_by referred_to source state suffix title website_url zip_code contact_groups
    external_ids preferences""".split()  # noqa: SIM905
)


def groups_of(caller: Caller, owner: dict[str, Any]) -> dict[str, int]:
    rows = caller.items("contact-groups")
    return {row["group_name"]: row["id"] for row in rows if row["owner"]["id"] == owner["id"]}


def create(caller: Caller, owner: dict[str, Any], **more: Any) -> int:
    response = caller.create("contacts", **ada(owner={"id": owner["id"]}, **more))
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def test_the_documented_contact_is_created_and_shown_as_documented(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    groups = groups_of(admin, owner)
    named = [{"group_name": "Past Client"}, {"id": str(groups["Newsletter"])}]
    response = admin.create("contacts", **FULL, owner={"username": owner["username"]}, contact_groups=named)
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json() == {"created": f"sandbox.example/v1/contacts/{id}", "id": id}
    shown = admin.get(f"contacts/{id}")
    assert set(shown) == ATTRIBUTES | {"custom", "external_status", "owner"}
    changed = {"list_date": "2016-12-25", "close_date": "2016-12-26", "birthday": "1970-04-05"}
    changed |= {"ok_to_mail": False, "ok_to_email": False, "ok_to_call": False}
    for name in set(FULL) - {"custom", "external_ids"}:
        assert shown[name] == changed.get(name, FULL[name]), name
    assert shown["custom"] == [{"description": "Free text", "field_name": "custom_string", "value": "blue"}]
    assert {"external_id": "101010", "source": "OurSystem"} in shown["external_ids"]
    assert {"external_id": "abcd", "source": "local"} in shown["external_ids"]
    assert shown["contact_groups"] == [
        {"group_name": "Past Client", "id": groups["Past Client"]},
        {"group_name": "Newsletter", "id": groups["Newsletter"]},
    ]
    assert shown["owner"] == {name: owner[name] for name in ("email", "external_id", "id", "username")}


def test_a_user_needs_no_owner_and_gets_the_documented_response(
    sandbox: InProcessSandbox, owner: dict[str, Any]
) -> None:
    caller, colleagues = sandbox.user(owner), sandbox.officers()[1:3]
    more = {"assignee": {"id": colleagues[0]["id"]}, "shared_with_users": [{"email": colleagues[1]["email"]}]}
    response = caller.create("contacts", **FULL | {"custom": None}, **more, owner={"id": colleagues[0]["id"]})
    assert response.status_code == 201
    shown = caller.get(f"contacts/{response.json()['id']}")
    assert set(shown) == ATTRIBUTES | {"external_status", "owner", "assignee", "shared_with_users"}
    assert shown["owner"]["id"] == str(owner["id"])
    assert shown["assignee"]["username"] == colleagues[0]["username"]
    assert [user["username"] for user in shown["shared_with_users"]] == [colleagues[1]["username"]]


@pytest.mark.parametrize("missing", ["first_name", "last_name", "source", "email"])
def test_a_contact_without_required_attributes_is_rejected(
    admin: Caller, owner: dict[str, Any], missing: str
) -> None:
    body = ada(owner={"id": owner["id"]})
    del body[missing]
    response = admin.create("contacts", **body)
    assert response.status_code == 422
    assert missing in response.json()["error"]


@pytest.mark.parametrize(
    "reach",
    [
        {"phone_cell": "(763)555-0123"},
        {"phone_home": "(763)555-0123"},
        {"phone_office": "(763)555-0123"},
        {"address": "12 Fern Way", "city": "Fairhaven", "state": "MN", "zip_code": "55123"},
    ],
)
def test_any_one_of_email_phone_and_address_is_enough(
    admin: Caller, owner: dict[str, Any], reach: dict[str, str]
) -> None:
    body = {"first_name": "Ada", "last_name": "Birch", "source": "x", "owner": {"id": owner["id"]}, **reach}
    assert admin.create("contacts", **body).status_code == 201


@pytest.mark.parametrize("name", ["id", "username", "email", "external_id"])
def test_an_owner_can_be_named_by_any_of_four_fields(
    sandbox: InProcessSandbox, admin: Caller, name: str
) -> None:
    owner = next(user for user in sandbox.officers() if user["external_id"])
    response = admin.create("contacts", **ada(owner={name: str(owner[name])}))
    assert admin.get(f"contacts/{response.json()['id']}")["owner"]["id"] == owner["id"]


@pytest.mark.parametrize(
    "owner", [None, {}, {"username": "nobody"}, {"id": "x"}, {"id": 0}, "alfred", {"id": {}}]
)
def test_an_admin_must_name_an_existing_owner(admin: Caller, owner: Any) -> None:
    response = admin.create("contacts", **ada(owner=owner))
    assert response.status_code == 422
    assert response.json() == {"error": "Unable to find target for relationship: 'owner'"}


def test_another_organizations_user_cannot_be_the_owner(sandbox: InProcessSandbox, admin: Caller) -> None:
    stranger = sandbox.officers(BLUEWATER)[0]
    assert admin.create("contacts", **ada(owner={"id": stranger["id"]})).status_code == 422


def test_a_repeated_contact_is_a_duplicate_and_updates_the_first(
    admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner, nickname="Addie")
    response = admin.create("contacts", **ada(owner={"id": owner["id"]}, title="Doctor"))
    assert response.status_code == 200
    assert response.json() == {"duplicate": f"sandbox.example/v1/contacts/{id}", "id": id}
    shown = admin.get(f"contacts/{id}")
    assert (shown["title"], shown["nickname"]) == ("Doctor", "Addie")


def test_an_update_returns_an_empty_list_and_changes_the_update_time(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner)
    before = admin.get(f"contacts/{id}")
    sandbox.post_control("clock", {"advance": 60})
    response = admin.update(
        f"contacts/{id}", city="Lakemont", last_contacted="ignored, as it is no attribute"
    )
    assert (response.status_code, response.json()) == (200, [])
    after = admin.get(f"contacts/{id}")
    assert after["city"] == "Lakemont"
    assert after["internal_updated_at"] > before["internal_updated_at"]
    assert after["internal_created_at"] == before["internal_created_at"]


def test_a_deleted_contact_is_not_found(admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner)
    response = admin.delete(f"contacts/{id}")
    assert (response.status_code, response.json()) == (200, [])
    assert admin.call("GET", f"contacts/{id}").status_code == 404
    assert admin.delete(f"contacts/{id}").status_code == 404
    assert admin.create("contacts", **ada(owner={"id": owner["id"]})).status_code == 201


def test_groups_can_be_added_and_removed(admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner, contact_groups=[{"group_name": "Past Client"}])
    admin.update(f"contacts/{id}", contact_groups=[{"group_name": "newsletter"}])
    names = [group["group_name"] for group in admin.get(f"contacts/{id}")["contact_groups"]]
    assert names == ["Past Client", "Newsletter"]
    admin.update(f"contacts/{id}", remove_contact_groups=[{"group_name": "Past Client"}])
    names = [group["group_name"] for group in admin.get(f"contacts/{id}")["contact_groups"]]
    assert names == ["Newsletter"]


def test_a_group_name_means_the_owners_group(sandbox: InProcessSandbox, admin: Caller) -> None:
    for owner in sandbox.officers()[:2]:
        id = create(admin, owner, contact_groups=[{"group_name": "Past Client"}])
        shown = admin.get(f"contacts/{id}")["contact_groups"]
        assert shown == [{"group_name": "Past Client", "id": groups_of(admin, owner)["Past Client"]}]


def test_an_unknown_group_rejects_the_whole_write(sandbox: InProcessSandbox, admin: Caller) -> None:
    owner, colleague = sandbox.officers()[:2]
    theirs = groups_of(admin, colleague)["Past Client"]
    before = sandbox.get_control("state")["organizations"]
    for group in ({"group_name": "Nowhere"}, {"id": theirs}):
        body = ada(owner={"id": owner["id"]}, contact_groups=[group])
        response = admin.create("contacts", **body)
        assert response.status_code == 422
        assert response.json() == {"error": "Unable to find target for relationship: 'contact_groups'"}
    assert sandbox.get_control("state")["organizations"] == before


def test_a_new_contact_needs_the_required_groups(sandbox: InProcessSandbox) -> None:
    caller, owner = sandbox.admin(BLUEWATER), sandbox.officers(BLUEWATER)[0]
    required = sandbox.organization(BLUEWATER)["required_groups"]
    assert required
    body = ada(owner={"id": owner["id"]})
    for given in ([], required[1:]):
        groups = [{"group_name": name} for name in given]
        response = caller.create("contacts", **body, contact_groups=groups)
        assert response.status_code == 422
        assert required[0] in response.json()["error"]
    groups = [{"group_name": name} for name in required]
    id = caller.create("contacts", **body, contact_groups=groups).json()["id"]
    assert caller.update(f"contacts/{id}", remove_contact_groups=groups).status_code == 200


def test_a_post_with_an_id_and_a_new_owner_transfers_the_contact(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    owner, heir = sandbox.officers()[:2]
    groups = [{"group_name": "Past Client"}, {"group_name": "Only mine"}]
    admin.create("contact-groups", group_name="Only mine", owner={"id": owner["id"]})
    id = create(admin, owner, contact_groups=groups)
    response = admin.create("contacts", id=str(id), owner={"username": heir["username"]})
    assert response.status_code == 200
    assert response.json()["id"] == id
    shown = admin.get(f"contacts/{id}")
    assert shown["owner"]["id"] == heir["id"]
    assert [group["id"] for group in shown["contact_groups"]] == [groups_of(admin, heir)["Past Client"]]
    assert sandbox.user(heir).get(f"contacts/{id}")["id"] == id
    assert sandbox.user(owner).call("GET", f"contacts/{id}").status_code == 404
    assert admin.create("contacts", id=1, owner={"id": heir["id"]}).status_code == 404


@pytest.mark.parametrize(
    ("name", "sent", "shown"),
    [
        ("ok_to_call", "True", True),
        ("ok_to_call", "False", False),
        ("ok_to_call", 1, True),
        ("ok_to_call", "0", False),
        ("creation_date", "2026-01-02", "2026-01-02 00:00:00"),
        ("creation_date", "2026-01-02T03:04:05+02:00", "2026-01-02 01:04:05"),
        ("creation_date", "0000-00-00 00:00:00", None),
        ("close_date", "0000-00-00 00:00:00", None),
        ("credit_score", "Good", "Good"),
        ("zip_code", 12345, "12345"),
        ("city", None, None),
    ],
)
def test_values_are_parsed_as_documented(
    admin: Caller, owner: dict[str, Any], name: str, sent: Any, shown: Any
) -> None:
    id = create(admin, owner, creation_date="2017-01-01", close_date="2017-01-01", city="Lakemont")
    assert admin.update(f"contacts/{id}", **{name: sent}).status_code == 200
    assert admin.get(f"contacts/{id}")[name] == shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ok_to_call", "perhaps"),
        ("creation_date", "yesterday"),
        ("credit_score", "Splendid"),
        ("city", {}),
        ("preferences", 1),
        ("external_ids", [{"source": "x"}]),
        ("external_ids", ["x"]),
    ],
)
def test_invalid_values_are_rejected(admin: Caller, owner: dict[str, Any], name: str, value: Any) -> None:
    id = create(admin, owner)
    response = admin.update(f"contacts/{id}", **{name: value})
    assert response.status_code == 422
    assert name in response.json()["error"]


def test_a_custom_value_is_replaced_and_null_deletes_it(admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner, custom=[{"field_name": "custom_string", "value": "a"}])
    admin.update(f"contacts/{id}", custom=[{"field_name": "custom_string", "value": "b"}])
    assert admin.get(f"contacts/{id}")["custom"][0]["value"] == "b"
    admin.update(f"contacts/{id}", custom=[{"field_name": "custom_string", "value": None}])
    assert "custom" not in admin.get(f"contacts/{id}")


@pytest.mark.parametrize("name", ["nothing_like_it", "lock_expires"])
def test_a_custom_field_of_another_entity_is_rejected(
    admin: Caller, owner: dict[str, Any], name: str
) -> None:
    response = admin.create(
        "contacts", **ada(owner={"id": owner["id"]}, custom=[{"field_name": name, "value": 1}])
    )
    assert response.status_code == 422


def test_do_not_contact_is_accepted_and_not_shown(admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner, do_not_contact="1")
    assert "do_not_contact" not in admin.get(f"contacts/{id}")
