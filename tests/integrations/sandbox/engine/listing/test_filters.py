"""Filters of lists, alone and combined."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada


def put(caller: Caller, owner: dict[str, Any], **body: Any) -> int:
    response = caller.create("contacts", **ada(owner={"id": owner["id"]}, **body))
    assert response.status_code == 201
    return int(response.json()["id"])


def found(caller: Caller, filter: str) -> list[int]:
    return [item["id"] for item in caller.items("contacts", filter=filter)]


@pytest.mark.parametrize(
    "filter",
    [
        "first_name=ada", "last_name=Birch", "email=ADA.birch@mail.example", "first_name_contains=Ada",
        "last_name_contains=Birc", "email_contains=a.birch@", "phone_cell=6125550123", "phone_home=(612) 555-0124",
        "phone_office=612-555-0125", "external_id=x-77", "source=OurSystem",
        "last_name=Birch,first_name=Ada,source=OurSystem",
        "group_name=My Group", "last_name=Birch,archieved=0",
    ],
)  # fmt: skip
def test_each_filter_finds_the_contact(admin: Caller, owner: dict[str, Any], filter: str) -> None:
    admin.create("contact-groups", group_name="My Group", owner={"id": owner["id"]})
    id = put(
        admin, owner, phone_cell="(612)555-0123", phone_home="(612)555-0124", phone_office="(612)555-0125",
        external_id="x-77", contact_groups=[{"group_name": "My Group"}],
    )  # fmt: skip
    assert found(admin, filter) == [id]
    assert found(admin, filter + ",email=somebody@else.example") == []


@pytest.mark.parametrize("by", ["id", "email", "username", "external_id"])
def test_owners_are_found_by_any_of_their_identifiers(
    sandbox: InProcessSandbox, admin: Caller, by: str
) -> None:
    owner = next(user for user in sandbox.officers() if user["external_id"])
    expected = [item["id"] for item in admin.items("contacts") if item["owner"]["id"] == owner["id"]]
    assert expected
    assert found(admin, f"owner_{by}={owner[by]}") == expected


def test_a_group_id_finds_one_group_and_a_name_finds_it_for_every_owner(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    items = admin.items("contacts")
    having = {
        item["id"]: group["id"]
        for item in items
        for group in item["contact_groups"]
        if group["group_name"] == "Newsletter"
    }
    assert found(admin, "group_name=newsletter") == sorted(having)
    one = next(iter(having.values()))
    assert found(admin, f"group_id={one}") == sorted(id for id, group in having.items() if group == one)
    assert found(admin, "group_id=nonsense") == []


def test_a_time_range_includes_both_ends(admin: Caller) -> None:
    items = admin.items("contacts", sort="internal_updated_at")
    first, last = items[5]["internal_updated_at"], items[9]["internal_updated_at"]
    start, end = (moment.replace(" ", "T") + "Z" for moment in (first, last))
    expected = [item["id"] for item in items if first <= item["internal_updated_at"] <= last]
    query = f"internal_updated_at_start={start},internal_updated_at_end={end}"
    assert [
        item["id"] for item in admin.items("contacts", sort="internal_updated_at", filter=query)
    ] == expected


def test_a_plus_in_an_address_must_be_encoded(admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner, email="ada+birch@mail.example")
    assert found(admin, "email=ada+birch@mail.example") == [id]
    raw = admin.call("GET", "contacts?filter=email=ada+birch@mail.example").json()
    assert raw["items"] == []


def test_a_value_may_contain_a_comma(admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner, source="Fair, spring")
    assert found(admin, "source=Fair, spring,last_name=Birch") == [id]


def test_wildcards_are_literal(admin: Caller, owner: dict[str, Any]) -> None:
    id = put(admin, owner, email="per%cent_sign@mail.example")
    assert found(admin, "email_contains=r%c") == [id]
    assert found(admin, "email_contains=t_s") == [id]
    assert found(admin, "email_contains=%%%") == []


@pytest.mark.parametrize(
    "filter",
    [
        "nothing=1",
        "last_name_contains=ab",
        "archieved=perhaps",
        "internal_updated_at_start=soon",
        "last_name",
    ],
)
def test_an_invalid_filter_is_rejected(admin: Caller, filter: str) -> None:
    expected = 200 if filter == "last_name" else 422
    assert admin.call("GET", "contacts", params={"filter": filter}).status_code == expected


def test_a_resource_without_filters_rejects_them(admin: Caller) -> None:
    response = admin.call("GET", "contact-groups", params={"filter": "group_name=Newsletter"})
    assert response.status_code == 422


def test_a_users_filter_finds_only_their_own_contacts(sandbox: InProcessSandbox) -> None:
    owner, colleague = sandbox.officers()[:2]
    assert found(sandbox.user(owner), f"owner_id={colleague['id']}") == []


def test_the_earliest_date_is_valid(admin: Caller) -> None:
    for path, name in (
        ("contacts", "internal_updated_at_start"),
        ("contact-surveys", "internal_created_at_start"),
    ):
        response = admin.call("GET", f"{path}?filter={name}=0001-01-01T00:00:00Z")
        assert response.status_code == 200 and response.json()["items"]
