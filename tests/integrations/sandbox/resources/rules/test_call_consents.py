"""Consents to automated calls: the documented requests and their effects."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, CEDAR, Caller, InProcessSandbox, ada

CONSENT = {
    "communication_agent": "agentic-a-i", "communication_channel": "phone", "channel_target": "+17635550123",
    "contact_purpose": "marketing", "capture_source": "A box on our order form",
    "consent_language": "Your machine may call me", "ip_address": "1.1.1.1",
}  # fmt: skip
KNOWN = {"first_name": "Ada", "last_name": "Birch", "email": "ada.birch@mail.example"}


@pytest.fixture
def user(sandbox: InProcessSandbox, owner: dict[str, Any]) -> Caller:
    return sandbox.user(owner)


def digest(sandbox: InProcessSandbox) -> str:
    return str(sandbox.get_control("state")["organizations"][CEDAR]["contacts"]["digest"])


def test_a_consent_is_granted_with_a_new_contact_and_not_shown(
    sandbox: InProcessSandbox, user: Caller
) -> None:
    response = user.create("contacts", **ada(grant_consent=CONSENT))
    assert response.status_code == 201
    shown = user.get(f"contacts/{response.json()['id']}")
    assert not [name for name in shown if "consent" in name]


def test_a_consent_is_granted_and_revoked_by_updates_that_name_no_id(
    sandbox: InProcessSandbox, user: Caller
) -> None:
    user.create("contacts", **ada())
    seen = {digest(sandbox)}
    for consent in ({"grant_consent": CONSENT}, {"revoke_consent": CONSENT}, {"grant_consent": CONSENT}):
        response = user.update("contacts/", **KNOWN, **consent)
        assert (response.status_code, response.json()) == (200, [])
        seen.add(digest(sandbox))
    assert len(seen) == 3


#: Shaped like the published examples: external ids, but neither a source nor an owner.
PUBLISHED = {
    "title": "Dr.", "first_name": "Ada", "last_name": "Birch", "email": "ada.birch@mail.example",
    "phone_cell": "(763)555-0123", "external_ids": [{"source": "local", "external_id": "ab-1"}],
}  # fmt: skip
VARIATIONS: list[dict[str, Any]] = [
    PUBLISHED,
    {name: value for name, value in PUBLISHED.items() if name != "external_ids"},
    {name: value for name, value in PUBLISHED.items() if name != "email"},
    {**PUBLISHED, "email": "", "source": ""},
    {**PUBLISHED, "owner": None},
    {**PUBLISHED, "source": "OurSystem"},
]


@pytest.mark.parametrize("who", ["admin", "user"])
@pytest.mark.parametrize("body", VARIATIONS)
def test_the_published_consents_work_without_source_and_owner(
    request: pytest.FixtureRequest, who: str, body: dict[str, Any]
) -> None:
    caller: Caller = request.getfixturevalue(who)
    assert caller.create("contacts", **body, grant_consent=CONSENT).status_code == 201
    assert caller.create("contacts", **body, grant_consent=CONSENT).status_code == 200
    for name in ("revoke_consent", "grant_consent"):
        response = caller.update("contacts/", **body, **{name: CONSENT})
        assert (response.status_code, response.json()) == (200, [])


def test_an_admin_who_names_no_owner_changes_the_contact_of_its_owner(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    officers = sandbox.officers()
    created = sandbox.user(officers[-1]).create("contacts", **ada(grant_consent=CONSENT))
    assert created.status_code == 201 and len(officers) > 1
    again = admin.create("contacts", **PUBLISHED, grant_consent=CONSENT)
    assert (again.status_code, again.json()["id"]) == (200, created.json()["id"])
    assert admin.update("contacts/", **KNOWN, revoke_consent=CONSENT).status_code == 200
    assert admin.get(f"contacts/{created.json()['id']}")["owner"]["id"] == officers[-1]["id"]


def test_an_admin_finds_no_contact_of_another_organization(sandbox: InProcessSandbox, admin: Caller) -> None:
    other = sandbox.user(sandbox.officers(BLUEWATER)[0])
    other.create("contacts", **ada(grant_consent=CONSENT))
    assert admin.update("contacts/", **KNOWN, revoke_consent=CONSENT).status_code == 404


def test_other_writes_of_an_admin_need_source_and_owner_as_before(
    admin: Caller, owner: dict[str, Any]
) -> None:
    assert admin.create("contacts", **PUBLISHED).status_code == 422
    assert admin.create("contacts", **PUBLISHED, owner={"id": owner["id"]}).status_code == 422
    assert admin.create("contacts", **PUBLISHED, source="OurSystem").status_code == 422
    assert admin.update("contacts/", **KNOWN).status_code == 422


def test_only_a_granted_consent_can_be_revoked(user: Caller) -> None:
    path = f"contacts/{user.create('contacts', **ada()).json()['id']}"
    assert user.update(path, revoke_consent=CONSENT).status_code == 422
    assert user.update(path, grant_consent=CONSENT).status_code == 200
    for other in ({"contact_purpose": "existing-business"}, {"channel_target": "+16125550100"}):
        assert user.update(path, revoke_consent={**CONSENT, **other}).status_code == 422
    told = {name: value for name, value in CONSENT.items() if name != "capture_source"}
    assert user.update(path, revoke_consent=told).status_code == 200
    again = user.update(path, revoke_consent=told)
    assert again.status_code == 422
    assert again.json() == {"error": "Consent must be granted before it can be revoked"}


def test_a_consent_cannot_be_revoked_while_creating(user: Caller) -> None:
    assert user.create("contacts", **ada(revoke_consent=CONSENT)).status_code == 422
    assert user.create("contacts", **ada(grant_consent=CONSENT)).status_code == 201


@pytest.mark.parametrize("missing", CONSENT)
def test_an_incomplete_consent_is_rejected(user: Caller, missing: str) -> None:
    consent = {name: value for name, value in CONSENT.items() if name != missing}
    response = user.create("contacts", **ada(grant_consent=consent))
    assert response.status_code == 422
    assert response.json() == {"error": f"Missing required attribute: 'grant_consent.{missing}'"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("communication_agent", "parrot"),
        ("communication_channel", "e-mail"),
        ("channel_target", "763-555-0123"),
        ("channel_target", "+447635550123"),
        ("contact_purpose", "gossip"),
        ("ip_address", "1.1.1"),
    ],
)
def test_a_consent_with_an_unknown_value_is_rejected(user: Caller, name: str, value: str) -> None:
    response = user.create("contacts", **ada(grant_consent={**CONSENT, name: value}))
    assert response.status_code == 422
    assert response.json() == {"error": f"Invalid value for attribute: 'grant_consent.{name}'"}


def test_a_consent_must_be_an_object_and_can_have_an_ipv6_address(user: Caller) -> None:
    assert user.create("contacts", **ada(grant_consent="yes")).status_code == 422
    consent = {**CONSENT, "ip_address": "2001:db8::7"}
    assert user.create("contacts", **ada(grant_consent=consent)).status_code == 201


def test_creating_a_duplicate_can_revoke_a_consent(user: Caller) -> None:
    user.create("contacts", **ada(grant_consent=CONSENT))
    assert user.create("contacts", **ada(revoke_consent=CONSENT)).status_code == 200
    assert user.create("contacts", **ada(revoke_consent=CONSENT)).status_code == 422
