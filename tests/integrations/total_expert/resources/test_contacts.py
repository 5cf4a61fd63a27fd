"""Surveys, custom field values and owners: requests and responses."""

from typing import Any

import pytest

from integrations.total_expert import AnswerLost, Created, Reference, Rejected, User, custom_values
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response, sent


def test_updating_a_survey_returns_its_id(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b'{"created": "x/v1/contact-surveys/0f0f0f0f0f0f0f0f", "id": "0f0f0f0f0f0f0f0f"}')
    )
    with scripted.client() as client:
        changed = client.contact_surveys.update("0f0f0f0f0f0f0f0f", {"version": "2", "questions": []})
    assert changed == Created("0f0f0f0f0f0f0f0f", duplicate=False)
    assert sent(scripted) == (
        "PATCH /v1/contact-surveys/0f0f0f0f0f0f0f0f",
        {"version": "2", "questions": []},
    )


def test_a_survey_update_response_without_an_id_raises_answer_lost(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"[]"))
    with scripted.client() as client, pytest.raises(AnswerLost):
        client.contact_surveys.update("0f0f0f0f0f0f0f0f", {})


def test_custom_values_are_set_by_name_and_cleared_by_none(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"[]"))
    with scripted.client() as client:
        client.contacts.set_custom_values(5, {"color": "blue", "size": None})
    custom = [{"field_name": "color", "value": "blue"}, {"field_name": "size", "value": None}]
    assert sent(scripted) == ("PATCH /v1/contacts/5", {"custom": custom})
    assert custom_values({"size": 3}) == [{"field_name": "size", "value": 3}]


@pytest.mark.parametrize(
    ("owner", "named"),
    [
        (User.from_json({"id": 5, "email": "lo@example.com", "username": "lo"}), {"id": 5}),
        (Reference.from_json({"email": "", "username": "lo", "external_id": "e1"}), {"username": "lo"}),
        ({"email": "lo@example.com"}, {"email": "lo@example.com"}),
        ({"id": None, "external_id": "e1"}, {"external_id": "e1"}),
    ],
)
def test_an_owner_is_sent_as_a_user_reference(
    scripted: ScriptedServer, owner: Any, named: dict[str, Any]
) -> None:
    scripted.answer(http_response(b'{"created": "x", "id": 9}', "201 Created"))
    with scripted.client() as client:
        client.contact_groups.create({"group_name": "Neighbors"}, owner=owner)
    assert sent(scripted)[1] == {"group_name": "Neighbors", "owner": named}


@pytest.mark.parametrize(
    ("data", "owner"),
    [({}, {}), ({}, {"name": "lo"}), ({}, {"id": 0}), ({"owner": {"id": 5}}, {"id": 6}), ({}, Reference.from_json({}))],
)  # fmt: skip
def test_a_missing_or_duplicate_owner_is_rejected(
    scripted: ScriptedServer, data: dict[str, Any], owner: Any
) -> None:
    with scripted.client() as client, pytest.raises(Rejected) as refused:
        client.contacts.create(data, owner=owner)
    assert refused.value.code == "owner"
    assert scripted.received == []


def test_a_filter_by_phone_takes_the_country_code_literally(sandbox: SandboxServer) -> None:
    """As documented in the README."""
    person = {"first_name": "Ada", "last_name": "Quill", "source": "Test", "phone_cell": "6125550142"}
    with sandbox.client() as client:
        created = client.contacts.create(person, owner={"id": sandbox.officer["id"]})
        found = {
            phone: [contact.id for contact in client.contacts.list(filter={"phone_cell": phone}).items]
            for phone in ("6125550142", "+16125550142", "16125550142")
        }
    assert found == {"6125550142": [created.id], "+16125550142": [], "16125550142": []}
