"""The outbox: one email per campaign start, and none to contacts who must not be emailed."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada

NEWSLETTER = {"contact_groups": [{"group_name": "Newsletter"}]}


def create(caller: Caller, owner: dict[str, Any], **more: Any) -> int:
    response = caller.create("contacts", **ada(owner={"id": owner["id"]}, **more))
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def campaigns(sandbox: InProcessSandbox) -> list[str]:
    return [mail["campaign"] for mail in sandbox.get_control("outbox")]


def test_a_campaign_email_is_in_the_outbox(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    groups = [{"group_name": "Newsletter"}, {"group_name": "Past Client"}]
    id = create(admin, owner, contact_groups=groups)
    (mail,) = sandbox.get_control("outbox")
    assert mail["at"][:10] == sandbox.get_control("clock")["now"][:10]
    del mail["at"]
    assert mail == {
        "seq": 1,
        "organization": "Cedar Home Lending",
        "contact": id,
        "to": "ada.birch@mail.example",
        "campaign": "Newsletter",
        "subject": "Welcome to our monthly market letter",
    }


def test_joining_a_group_sends_once(sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]) -> None:
    id = create(admin, owner, **NEWSLETTER)
    for _ in range(2):
        admin.update(f"contacts/{id}", **NEWSLETTER)
        admin.create("contacts", **ada(owner={"id": owner["id"]}, **NEWSLETTER))
    assert campaigns(sandbox) == ["Newsletter"]
    admin.update(f"contacts/{id}", remove_contact_groups=NEWSLETTER["contact_groups"])
    admin.update(f"contacts/{id}", **NEWSLETTER)
    assert campaigns(sandbox) == ["Newsletter"] * 2


def test_a_request_suppresses_only_its_own_emails(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner, **NEWSLETTER, options={"suppress_emails": "true"})
    assert campaigns(sandbox) == []
    admin.update(
        f"contacts/{id}", contact_groups=[{"group_name": "Active Lead"}], options={"suppress_emails": 0}
    )
    assert campaigns(sandbox) == ["Active Lead"]


@pytest.mark.parametrize("more", [{"ok_to_email": 0}, {"preferences": {"is_silenced": "True"}}])
def test_a_contact_who_does_not_want_email_gets_none(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], more: dict[str, Any]
) -> None:
    create(admin, owner, **NEWSLETTER, **more)
    assert campaigns(sandbox) == []


def test_a_contact_without_an_address_gets_no_email(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    create(admin, owner, **NEWSLETTER, email=None, phone_cell="763-555-0123")
    assert campaigns(sandbox) == []


@pytest.mark.parametrize("kind", ["organization", "owner", "domain"])
def test_an_unsubscribed_address_gets_no_email(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], kind: str
) -> None:
    more: dict[str, Any] = {
        "organization": {"organization_wide": True},
        "owner": {"users": [{"id": owner["id"]}]},
        "domain": {"domains": [{"domain_name": owner["email"].partition("@")[2]}]},
    }[kind]
    response = admin.create("email-unsubscribes", email="ADA.birch@mail.example", **more)
    assert response.status_code == 201, response.text
    create(admin, owner, **NEWSLETTER)
    assert campaigns(sandbox) == []


def test_an_unsubscribe_from_another_sender_has_no_effect(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    colleague = sandbox.officers()[1]
    users = [{"id": colleague["id"]}]
    assert admin.create("email-unsubscribes", email="ada.birch@mail.example", users=users).ok
    create(admin, owner, **NEWSLETTER)
    assert campaigns(sandbox) == ["Newsletter"]


def test_an_inactive_user_sends_no_email(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    id = create(admin, owner)
    assert admin.update(f"users/{owner['id']}", status=0).status_code == 200
    admin.update(f"contacts/{id}", **NEWSLETTER)
    assert campaigns(sandbox) == []


def test_only_writes_of_contacts_can_suppress_emails(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    insight = {
        "type": {"type": "Partner Portal: Calculator used"},
        "contact": {"id": create(admin, owner)},
        "owner": {"id": owner["id"]},
    }
    assert admin.create("insights", **insight, options={"suppress_emails": True}).status_code == 201
    assert campaigns(sandbox) == ["Partner Portal: Calculator used"]


def test_emails_to_a_nested_contact_can_be_suppressed(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    mails = []
    for options in ({"suppress_emails": True}, {}):
        contact = create(admin, owner, first_name=f"Ada{len(mails)}")
        before = len(campaigns(sandbox))
        loan = {"owner": {"id": owner["id"]}, "options": options, "borrower": {"id": contact, **NEWSLETTER}}
        response = admin.create("loans", external_id=f"L{len(mails)}", **loan)
        assert response.status_code == 201, response.text
        mails.append(len(campaigns(sandbox)) - before)
    assert mails == [0, 1]
