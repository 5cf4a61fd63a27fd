"""Duplicate contacts: per owner, six identities in order; the first match decides."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox

NAME = {"first_name": "Ada", "last_name": "Birch", "source": "OurSystem"}
HOME = {"address": "12 Fern Way", "city": "Fairhaven", "state": "MN", "zip_code": "55123"}


def post(caller: Caller, owner: dict[str, Any], body: dict[str, Any]) -> tuple[bool, int]:
    """Create a contact. Return whether it is new, and its id."""
    response = caller.create("contacts", owner={"id": owner["id"]}, **{**NAME, **body})
    assert response.status_code in (200, 201), response.text
    return response.status_code == 201, response.json()["id"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "a@mail.example"}, {"email": "A@MAIL.example", "first_name": "ADA"}),
        (HOME, HOME | {"email": "new@mail.example"}),
        ({"phone_home": "(612)555-0123"}, {"phone_home": "612.555.0123"}),
        ({"phone_cell": "(612)555-0123"}, {"phone_cell": "612 555 01 23", "email": "new@mail.example"}),
        ({"phone_office": "5550123"}, {"phone_office": "555-0123"}),
        (
            {"email": "a@mail.example", "external_ids": [{"source": "crm", "external_id": "7"}]},
            {
                "email": "b@mail.example",
                "last_name": "Oak",
                "external_ids": [{"source": "crm", "external_id": "7"}],
            },
        ),
        (
            {"email": "a@mail.example", "external_id": "7"},
            {"email": "b@mail.example", "last_name": "Oak", "external_id": "7"},
        ),
    ],
)
def test_each_identity_finds_a_duplicate(
    admin: Caller, owner: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    created, id = post(admin, owner, first)
    assert created
    assert post(admin, owner, second) == (False, id)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "a@mail.example"}, {"email": "b@mail.example"}),
        ({"email": "a@mail.example"}, {"email": "a@mail.example", "last_name": "Oak"}),
        (HOME, HOME | {"zip_code": "55124"}),
        ({"phone_cell": "555012"}, {"phone_cell": "555012"}),
        ({"phone_cell": "(612)555-0123"}, {"phone_home": "(612)555-0123"}),
        (
            {"email": "a@mail.example", "external_ids": [{"source": "crm", "external_id": "7"}]},
            {"email": "b@mail.example", "external_ids": [{"source": "los", "external_id": "7"}]},
        ),
    ],
)
def test_a_contact_that_differs_in_every_identity_is_new(
    admin: Caller, owner: dict[str, Any], first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert post(admin, owner, first)[0]
    assert post(admin, owner, second)[0]


def test_another_owner_can_have_the_same_contact(sandbox: InProcessSandbox, admin: Caller) -> None:
    first, second = (post(admin, user, {"email": "a@mail.example"}) for user in sandbox.officers()[:2])
    assert first[0]
    assert second[0]


def test_an_external_id_comes_before_name_and_address(admin: Caller, owner: dict[str, Any]) -> None:
    by_mail = post(admin, owner, {"email": "a@mail.example"})[1]
    pair = [{"source": "crm", "external_id": "7"}]
    by_pair = post(admin, owner, {"email": "b@mail.example", "external_ids": pair})[1]
    assert by_pair != by_mail
    assert post(admin, owner, {"email": "a@mail.example", "external_ids": pair}) == (False, by_pair)


def test_an_email_address_comes_before_a_phone_number(admin: Caller, owner: dict[str, Any]) -> None:
    by_phone = post(admin, owner, {"phone_cell": "(612)555-0123"})[1]
    by_mail = post(admin, owner, {"email": "a@mail.example"})[1]
    assert by_phone != by_mail
    assert post(admin, owner, {"email": "a@mail.example", "phone_cell": "(612)555-0123"}) == (False, by_mail)


def test_identities_follow_updates(admin: Caller, owner: dict[str, Any]) -> None:
    _, id = post(admin, owner, {"email": "a@mail.example"})
    admin.update(f"contacts/{id}", email="z@mail.example")
    assert post(admin, owner, {"email": "z@mail.example"}) == (False, id)
    assert post(admin, owner, {"email": "a@mail.example"})[0]


def test_names_that_are_equal_when_joined_are_different_people(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    own = {"owner": {"id": owner["id"]}, "email": "ab@mail.example", "source": "Web"}
    one = admin.create("contacts", first_name="A|B", last_name="C", **own)
    other = admin.create("contacts", first_name="A", last_name="B|C", **own)
    assert (one.status_code, other.status_code) == (201, 201)
