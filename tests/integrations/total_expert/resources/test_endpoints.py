"""Lists, reads and writes, against the sandbox as admin and as user."""

import datetime as dt
from typing import Any

import pytest

from integrations.total_expert import AnswerLost, Rejected, TotalExpertError, TryLater
from integrations.total_expert.records.record import _attributes
from tests.integrations.total_expert.resources.inspection import resources_of
from tests.integrations.total_expert.resources.shared_sandbox import as_user
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response

PERSON = {"first_name": "Ada", "last_name": "Quill", "source": "test", "email": "ada+home@example.com"}
SCOPES = ["leadInteraction", "getUsers", "describeSchema"]


def test_a_resource_parses_created_ids_like_its_records(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        readers = {
            name: (
                resource._parse_id,
                next(reader for field, _, reader, _ in _attributes(resource._kind) if field == "id"),
            )
            for name, resource in resources_of(client).items()
            if hasattr(resource, "_parse_id")
        }
    assert len(readers) > 20
    for name, (of_created, of_record) in readers.items():
        assert of_created is of_record, name


def test_a_contact_is_created_found_updated_and_deleted_as_admin(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        created = client.contacts.create({**PERSON, "owner": {"id": sandbox.officer["id"]}})
        assert created.duplicate is False
        again = client.contacts.create({**PERSON, "city": "Oslo", "owner": {"id": sandbox.officer["id"]}})
        assert (again.id, again.duplicate) == (created.id, True)
        found = list(client.contacts.all(filter={"email": "ada+home@example.com"}))
        assert [(contact.id, contact.city) for contact in found] == [(created.id, "Oslo")]
        client.contacts.update(created.id, {"city": "Bergen", "last_contacted_date": dt.datetime.now(dt.UTC)})
        read = client.contacts.get(created.id)
        assert (read.city, read.owner.id if read.owner else None) == ("Bergen", sandbox.officer["id"])
        assert read.last_contacted_date is not None
        client.contacts.delete(created.id)
        with pytest.raises(Rejected) as gone:
            client.contacts.get(created.id)
    assert (gone.value.code, gone.value.status, gone.value.path) == (
        "not_found",
        404,
        f"/contacts/{created.id}",
    )


def test_a_user_creates_without_an_owner(sandbox: SandboxServer) -> None:
    with as_user(sandbox, SCOPES) as client:
        created = client.contacts.create(PERSON)
        assert [each.id for each in client.contacts.all(filter={"email": PERSON["email"]})] == [created.id]


def test_an_unknown_owner_is_rejected_with_the_message_of_the_server(sandbox: SandboxServer) -> None:
    with sandbox.client() as client, pytest.raises(Rejected) as refused:
        client.contacts.create({**PERSON, "owner": {"username": "nobody-of-that-name"}})
    assert refused.value.code == "validation"
    assert refused.value.reasons == ["Unable to find target for relationship: 'owner'"]


def test_a_group_is_created_listed_updated_and_deleted(sandbox: SandboxServer) -> None:
    owner = {"id": sandbox.officer["id"]}
    with sandbox.client() as client:
        group = client.contact_groups.create({"group_name": "Past clients, of 2019", "owner": owner})
        client.contact_groups.update(group.id, {"group_name": "Earlier clients"})
        read = client.contact_groups.get(group.id)
        assert (read.group_name, read.owner.id if read.owner else None) == ("Earlier clients", owner["id"])
        assert group.id in {each.id for each in client.contact_groups.all()}
        client.contact_groups.delete(group.id)
        with pytest.raises(Rejected):
            client.contact_groups.get(group.id)


def test_a_user_is_read_and_deactivated(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        user = client.users.get(int(sandbox.officer["id"]))
        assert (user.username, user.active) == (sandbox.officer["username"], True)
        client.users.update(user.id, {"status": 0})
        assert client.users.get(user.id).active is False
        assert user.id in {each.id for each in client.users.all(filter={"status": 0})}


def test_a_user_can_not_read_users_or_the_schema(sandbox: SandboxServer) -> None:
    with as_user(sandbox, SCOPES) as client:
        for read in (client.users.list, client.custom_fields.list):
            with pytest.raises(Rejected) as refused:
                read()
            assert refused.value.status in (401, 403)


def test_custom_fields_are_listed(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        page = client.custom_fields.list()
    assert page.items
    assert {field.entity_type for field in page.items} <= {"contact", "loan", "account", "user", "entity"}


def test_lists_are_filtered_and_sorted_by_the_server(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        every = list(client.contacts.all(sort="-internal_updated_at"))
        times = [contact.internal_updated_at for contact in every]
        assert times == sorted(
            times, key=lambda at: at or dt.datetime.min.replace(tzinfo=dt.UTC), reverse=True
        )
        middle = times[len(times) // 2]
        assert middle is not None
        newer = list(client.contacts.all(filter={"internal_updated_at_start": middle}))
        assert {each.id for each in newer} == {
            each.id for each in every if each.internal_updated_at and each.internal_updated_at >= middle
        }
        owner = every[0].owner
        assert owner is not None
        assert owner.id is not None
        theirs = list(client.contacts.all(filter={"owner_id": owner.id}))
        assert {each.id for each in theirs} == {
            each.id for each in every if each.owner and each.owner.id == owner.id
        }


@pytest.mark.parametrize("call", ["list", "pages", "all"])
def test_a_filter_that_the_syntax_can_not_express_is_not_sent(sandbox: SandboxServer, call: str) -> None:
    with sandbox.client() as client, pytest.raises(Rejected) as refused:
        found = getattr(client.contacts, call)(filter={"last_name": "Quill, Ada"})
        list(found)
    assert refused.value.code == "filter"
    assert sandbox.requests("/contacts") == []


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b'{"created": "x"}', b'{"created": "x", "id": "x"}', b"null"]
)
def test_a_create_response_without_an_id_raises_answer_lost(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body, "201 Created"))
    with scripted.client() as client, pytest.raises(AnswerLost):
        client.contacts.create(PERSON)


def test_updates_and_deletes_accept_a_204(scripted: ScriptedServer) -> None:
    nothing = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
    scripted.answer(nothing, nothing)
    with scripted.client() as client:
        client.contacts.update(5, {"city": "Oslo"})
        client.contacts.delete(5)
    assert scripted.received[0].startswith(b"PATCH /v1/contacts/5 ")
    assert scripted.received[1].startswith(b"DELETE /v1/contacts/5 ")


def test_a_response_that_is_not_a_record_raises_try_later(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"[]"))
    with scripted.client() as client, pytest.raises(TryLater):
        client.contacts.get(5)


@pytest.mark.parametrize("identifier", ["../users/5", "5?x=1", "5/6"])
def test_an_id_can_not_leave_its_path_segment(scripted: ScriptedServer, identifier: Any) -> None:
    scripted.answer(http_response(b"{}", "404 Not Found"))
    with scripted.client() as client, pytest.raises(TotalExpertError):
        client.contacts.get(identifier)
    target = scripted.received[0].split(b" ")[1]
    assert target.startswith(b"/v1/contacts/")
    assert target.count(b"/") == 3
    assert b"?" not in target
