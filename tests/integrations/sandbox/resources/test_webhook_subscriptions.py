"""Webhook subscriptions: documented requests, errors, and secrets that are never shown."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BLUEWATER, Caller, InProcessSandbox

URL = "https://receiver.example/hooks/"
CREATED = {"item": "CONTACT", "action": "CREATED"}
UPDATED = {"item": "CONTACT", "action": "UPDATED"}
DELETED = {"item": "CONTACT", "action": "DELETED"}


def subscribe(caller: Caller, **more: Any) -> int:
    response = caller.create("webhook-subscriptions", **{"url": URL, "actions": [CREATED], **more})
    assert response.status_code == 201, response.text
    id: int = response.json()["id"]
    return id


def actions(caller: Caller, id: int) -> set[str]:
    shown = caller.get(f"webhook-subscriptions/{id}")["actions"]
    return {f"{action['item']} {action['action']}" for action in shown}


def test_a_subscription_is_created_as_documented_and_shown_without_its_secret(admin: Caller) -> None:
    body = {"url": URL, "secret": "abcd1234", "actions": [CREATED, UPDATED]}
    response = admin.create("webhook-subscriptions", **body)
    id = response.json()["id"]
    assert response.status_code == 201
    assert response.json()["created"] == f"sandbox.example/v1/webhook-subscriptions/{id}"
    shown = admin.call("GET", f"webhook-subscriptions/{id}?page[number]=1&page[size]=10")
    assert "abcd1234" not in shown.text
    times = {"internal_created_at", "internal_updated_at"}
    assert set(shown.json()) == {"id", "url", "actions"} | times
    assert shown.json()["url"] == URL
    assert [item["id"] for item in admin.items("webhook-subscriptions")] == [id]


def test_a_url_can_be_subscribed_several_times(admin: Caller) -> None:
    assert subscribe(admin) != subscribe(admin)


def test_an_update_adds_and_removes_actions_and_changes_the_url(admin: Caller) -> None:
    id = subscribe(admin)
    body = {
        "url": "https://elsewhere.example/",
        "actions": [UPDATED, DELETED],
        "remove_actions": [CREATED],
        "secret": "new",
    }
    response = admin.update(f"webhook-subscriptions/{id}", **body)
    assert (response.status_code, response.json()) == (200, [])
    assert actions(admin, id) == {"CONTACT UPDATED", "CONTACT DELETED"}
    assert admin.get(f"webhook-subscriptions/{id}")["url"] == "https://elsewhere.example/"


def test_a_deleted_subscription_is_not_found(admin: Caller) -> None:
    id = subscribe(admin)
    assert admin.delete(f"webhook-subscriptions/{id}").status_code == 200
    assert admin.call("GET", f"webhook-subscriptions/{id}").status_code == 404


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"url": None}, "Missing required attribute: 'url'"),
        ({"actions": []}, "Missing required attribute: 'actions'"),
        ({"url": "http://receiver.example/"}, "'url'"),
        ({"url": "receiver.example"}, "'url'"),
        ({"url": "https://"}, "'url'"),
        ({"url": "https://who:me@receiver.example/"}, "'url'"),
        ({"url": "https://receiver.example:http/"}, "'url'"),
        ({"url": "https://receiver.example/a b"}, "'url'"),
        ({"url": "https://receiver.example/\r\nX: y"}, "'url'"),
        ({"secret": "s" * 256}, "'secret'"),
        ({"actions": [{"item": "CONTACT", "action": "PAINTED"}]}, "relationship: 'actions'"),
        ({"actions": [{"item": "CONTACT"}]}, "relationship: 'actions'"),
        ({"remove_actions": [{"action": "DELETED"}]}, "relationship: 'remove_actions'"),
    ],
)
def test_invalid_subscriptions_are_rejected(admin: Caller, body: dict[str, Any], error: str) -> None:
    response = admin.create("webhook-subscriptions", **{"url": URL, "actions": [CREATED], **body})
    assert response.status_code == 422
    assert error in response.json()["error"]
    assert admin.items("webhook-subscriptions") == []


def test_the_longest_secret_is_accepted(admin: Caller) -> None:
    assert subscribe(admin, secret="s" * 255)


def test_plain_http_is_accepted_if_the_option_is_set() -> None:
    caller = InProcessSandbox(http_webhooks=True).admin()
    assert subscribe(caller, url="http://127.0.0.1:9/hooks/")


def test_another_organization_cannot_see_it(sandbox: InProcessSandbox, admin: Caller) -> None:
    id = subscribe(admin)
    other = sandbox.admin(BLUEWATER)
    assert other.items("webhook-subscriptions") == []
    for method in ("GET", "PATCH", "DELETE"):
        arguments = {"json": {}} if method == "PATCH" else {}
        assert other.call(method, f"webhook-subscriptions/{id}", **arguments).status_code == 404


def test_every_action_is_listed_once_in_every_organization(sandbox: InProcessSandbox, admin: Caller) -> None:
    listed = [f"{action['item']} {action['action']}" for action in admin.items("webhook-actions/")]
    assert {"CONTACT CREATED", "CONTACT UPDATED", "CONTACT DELETED"} <= set(listed)
    assert len(listed) == len(set(listed))
    assert sandbox.admin(BLUEWATER).items("webhook-actions") == admin.items("webhook-actions")
    assert set(admin.items("webhook-actions")[0]) == {"item", "action"}


def test_every_listed_action_can_be_subscribed(admin: Caller) -> None:
    listed = admin.items("webhook-actions")
    id = subscribe(admin, actions=listed)
    assert len(actions(admin, id)) == len(listed)


def test_the_list_of_actions_is_read_only(admin: Caller) -> None:
    assert admin.create("webhook-actions", item="CONTACT", action="PAINTED").status_code == 405
