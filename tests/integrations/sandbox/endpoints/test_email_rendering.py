"""Rendering emails: templates, inline HTML, placeholders, and every documented error."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox, ada

PATH = "email-templates/render"
INLINE = {
    "html": "<p>Dear {{ first_name }}{{unknown}}</p>",
    "subject": "{{first_name}}, from {{sender_first_name}}",
}
TEMPLATE = 2001


def test_inline_html_is_rendered_for_a_recipient(admin: Caller, owner: dict[str, Any]) -> None:
    contact = admin.create("contacts", **ada(first_name="A<b>", owner={"id": owner["id"]})).json()["id"]
    response = admin.create(PATH, content=INLINE, sender_id=owner["id"], recipient={"id": contact})
    assert response.status_code == 200
    sender = admin.get(f"users/{owner['id']}")["info"]["first_name"]
    assert response.json() == {
        "results": [
            {
                "recipient_id": contact,
                "rendered_html": "<p>Dear A&lt;b&gt;</p>",
                "rendered_subject": f"A<b>, from {sender}",
            }
        ]
    }


def test_without_recipient_and_subject_both_are_empty(admin: Caller, owner: dict[str, Any]) -> None:
    response = admin.create(PATH, content={"html": "<p>{{first_name}}</p>"}, sender_id=owner["id"])
    expected = {"recipient_id": None, "rendered_html": "<p></p>", "rendered_subject": ""}
    assert response.json() == {"results": [expected]}


def test_a_template_is_rendered_and_can_be_overridden(admin: Caller, owner: dict[str, Any]) -> None:
    whole = {"id": TEMPLATE, "sender_id": owner["id"], "video": {}, "odc_push_result_id": 7}
    saved = admin.create(PATH, **whole).json()["results"][0]
    assert saved["rendered_subject"] == "Welcome, "
    assert "is here for you" in saved["rendered_html"]
    own = admin.create(PATH, **whole, content={"subject": "Hello"}).json()["results"][0]
    assert (own["rendered_subject"], own["rendered_html"]) == ("Hello", saved["rendered_html"])


def test_loans_accounts_and_comarketers_fill_placeholders(sandbox: InProcessSandbox, admin: Caller) -> None:
    sender, other = sandbox.officers()[:2]
    loan, account = admin.items("loans")[0], admin.items("accounts")[0]
    html = "{{loan_number}}|{{account_number}}|{{comarketer_email}}"
    asked = {"content": {"html": html}, "sender_id": sender["id"], "comarketer_id": other["id"]}
    first = admin.create(PATH, **asked, loan_id=loan["id"]).json()["results"][0]
    assert first["rendered_html"] == f"{loan['loan_number']}||{other['email']}"
    second = admin.create(PATH, **asked, account_id=account["id"]).json()["results"][0]
    assert second["rendered_html"] == f"|{account['account_number']}|{other['email']}"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"content": None}, 400),
        ({"content": {"subject": "Only"}}, 400),
        ({"id": 0}, 400),
        ({"id": "x"}, 400),
        ({"id": 2}, 404),
        ({"id": TEMPLATE + 2}, 404),
        ({"sender_id": None}, 400),
        ({"sender_id": -1}, 400),
        ({"sender_id": 3}, 400),
        ({"sender_id": "foreign"}, 400),
        ({"comarketer_id": "x"}, 400),
        ({"comarketer_id": "sender"}, 400),
        ({"loan_id": 3}, 400),
        ({"loan_id": True}, 400),
        ({"account_id": 3}, 400),
        ({"loan_id": 3, "account_id": 3}, 400),
        ({"recipient": 5}, 400),
        ({"recipient": {}}, 400),
        ({"recipient": {"id": "x"}}, 400),
        ({"recipient": {"id": 3}}, 400),
    ],
)
def test_invalid_requests_are_rejected(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any], wrong: dict[str, Any], status: int
) -> None:
    ids = {"foreign": sandbox.officers(BLUEWATER)[0]["id"], "sender": owner["id"]}
    body = {"content": INLINE, "sender_id": owner["id"], **wrong}
    body = {name: ids.get(value, value) if isinstance(value, str) else value for name, value in body.items()}
    rejected = admin.create(PATH, **body)
    assert rejected.status_code == status
    assert rejected.json()["error"]


def test_the_scope_is_required(sandbox: InProcessSandbox, owner: dict[str, Any]) -> None:
    body = {"content": INLINE, "sender_id": owner["id"]}
    assert sandbox.user(owner).create(PATH, **body).status_code == 401
    assert sandbox.user(owner, scope="emailInteraction").create(PATH, **body).status_code == 200
    assert sandbox.user(owner, scope="emailInteraction").call("GET", PATH).status_code == 405


def test_a_users_token_cannot_use_other_users_contacts(sandbox: InProcessSandbox) -> None:
    scope = "leadInteraction emailInteraction"
    ida, other = sandbox.officers()[:2]
    theirs = sandbox.user(other).create("contacts", **ada()).json()["id"]
    content = {"html": "{{email}}", "subject": "x"}
    asked = {"content": content, "sender_id": ida["id"], "recipient": {"id": theirs}}
    assert sandbox.user(other, scope).create("email-templates/render", **asked).status_code == 200
    assert sandbox.user(ida, scope).create("email-templates/render", **asked).status_code == 400
