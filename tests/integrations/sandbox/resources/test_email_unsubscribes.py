"""Email domains and unsubscribes: documented requests, times and filters."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

ADDRESS = "leave.me@mail.example"


@pytest.fixture
def domain(admin: Caller) -> dict[str, Any]:
    """A domain that the organization sends from."""
    return admin.items("email-domains")[0]


def put(admin: Caller, **more: Any) -> int:
    response = admin.create("email-unsubscribes", email=ADDRESS, **more)
    assert response.status_code in (200, 201), response.text
    return int(response.json()["id"])


def test_domains_are_listed(admin: Caller, domain: dict[str, Any]) -> None:
    assert set(domain) == {"id", "domain_name"}
    assert domain["domain_name"] == "cedar-home-lending.example"
    assert admin.call("GET", f"email-domains/{domain['id']}").status_code == 404
    assert admin.create("email-domains", domain_name="x.example").status_code == 405


def test_an_unsubscribe_is_shown_with_times(
    sandbox: InProcessSandbox, admin: Caller, domain: dict[str, Any]
) -> None:
    first, second = sandbox.officers()[:2]
    id = put(
        admin,
        organization_wide=False,
        users=[{"email": first["email"]}, {"username": second["username"]}],
        domains=[{"domain_name": domain["domain_name"]}],
    )
    shown = admin.get(f"email-unsubscribes/{id}")
    assert set(shown) == {"domains", "email", "id", "organization_unsub_at", "organization_wide", "users"}
    assert (shown["organization_wide"], shown["organization_unsub_at"]) == (False, None)
    assert set(shown["users"][0]) == {"email", "external_id", "id", "username", "user_unsub_at"}
    assert {user["id"] for user in shown["users"]} == {first["id"], second["id"]}
    assert set(shown["domains"][0]) == {"id", "domain_name", "domain_unsub_at"}
    assert shown["domains"][0]["domain_unsub_at"].endswith(".000000Z")


def test_an_address_can_unsubscribe_from_the_organization_and_subscribe_again(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    id = put(admin, organization_wide=True)
    left = admin.get(f"email-unsubscribes/{id}")["organization_unsub_at"]
    assert left.endswith("Z")
    sandbox.post_control("clock", {"advance": 3600})
    admin = sandbox.admin()
    put(admin, organization_wide=True)
    assert admin.get(f"email-unsubscribes/{id}")["organization_unsub_at"] == left
    put(admin, organization_wide=False)
    assert admin.get(f"email-unsubscribes/{id}")["organization_unsub_at"] is None


def test_users_can_be_added_and_removed_and_keep_their_times(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    first, second = sandbox.officers()[:2]
    id = put(admin, users=[{"id": first["id"]}])
    before = admin.get(f"email-unsubscribes/{id}")["users"][0]
    sandbox.post_control("clock", {"advance": 3600})
    admin = sandbox.admin()
    again = admin.create("email-unsubscribes", email=ADDRESS.upper(), users=[{"id": second["id"]}])
    assert (again.status_code, again.json()["id"]) == (200, id)
    users = {user["id"]: user for user in admin.get(f"email-unsubscribes/{id}")["users"]}
    assert users[first["id"]] == before
    assert users[second["id"]]["user_unsub_at"] > before["user_unsub_at"]
    put(admin, remove_users=[{"id": first["id"]}])
    assert [user["id"] for user in admin.get(f"email-unsubscribes/{id}")["users"]] == [second["id"]]


def test_invalid_requests_are_rejected(admin: Caller) -> None:
    assert admin.create("email-unsubscribes").status_code == 422
    unknown = {"users": [{"id": 3}], "domains": [{"domain_name": "elsewhere.example"}]}
    for name, value in unknown.items():
        rejected = admin.create("email-unsubscribes", email=ADDRESS, **{name: value})
        assert rejected.json() == {"error": f"Unable to find target for relationship: '{name}'"}
    id = put(admin)
    assert admin.update(f"email-unsubscribes/{id}", organization_wide=True).status_code == 405
    assert admin.delete(f"email-unsubscribes/{id}").status_code == 405


def test_each_filter_finds_the_unsubscribe(
    sandbox: InProcessSandbox, admin: Caller, domain: dict[str, Any]
) -> None:
    sandbox.post_control("clock", {"advance": 400 * 86400})
    admin = sandbox.admin()
    users = [{"id": sandbox.officers()[0]["id"]}]
    id = put(admin, organization_wide=True, users=users, domains=[{"id": domain["id"]}])
    shown = admin.get(f"email-unsubscribes/{id}")
    moments = {
        "organization": shown["organization_unsub_at"],
        "user": shown["users"][0]["user_unsub_at"],
        "domain": shown["domains"][0]["domain_unsub_at"],
    }
    for tier, moment in moments.items():
        both = f"{tier}_unsub_at_start={moment},{tier}_unsub_at_end={moment}"
        assert [item["id"] for item in admin.items("email-unsubscribes", filter=both)] == [id]
        earlier = f"{tier}_unsub_at_end=2020-01-01T00:00:00Z"
        assert admin.items("email-unsubscribes", filter=earlier) == []
    assert [item["id"] for item in admin.items("email-unsubscribes", filter=f"email={ADDRESS}")] == [id]


def test_other_organizations_unsubscribes_are_hidden(sandbox: InProcessSandbox, admin: Caller) -> None:
    theirs = sandbox.admin(BLUEWATER).items("email-unsubscribes")[0]["id"]
    assert admin.call("GET", f"email-unsubscribes/{theirs}").status_code == 404


def test_webhooks_report_every_change_as_an_update(sandbox: InProcessSandbox, admin: Caller) -> None:
    action = {"item": "EMAIL_UNSUBSCRIBE", "action": "UPDATED"}
    assert [item["action"] for item in admin.items("webhook-actions") if item["item"] == action["item"]] == [
        "UPDATED"
    ]
    admin.create("webhook-subscriptions", url="https://partner.example/", secret="s", actions=[action])
    id = put(admin)
    put(admin, organization_wide=True)
    told = [(entry["item"], entry["action"], entry["id"]) for entry in sandbox.get_control("deliveries")]
    assert told == [("EMAIL_UNSUBSCRIBE", "UPDATED", id)] * 2
