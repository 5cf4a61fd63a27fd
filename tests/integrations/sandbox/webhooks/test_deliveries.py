"""Webhook deliveries: sent once or more, late, out of order or not at all, as configured."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import BASE, BLUEWATER, CEDAR, Caller, InProcessSandbox, ada
from tests.integrations.sandbox.receivers import Receiver

URL = "http://127.0.0.1:8000/hooks/"
SECRET = "5f0c" * 8
ACTIONS = [{"item": "CONTACT", "action": action} for action in ("CREATED", "UPDATED", "DELETED")]


class Scene:
    """A sandbox that delivers to a receiver in this process, with one subscription."""

    def __init__(self, **options: Any) -> None:
        self.receiver = Receiver()
        self.sandbox = InProcessSandbox(http_webhooks=True, send=self.receiver, **options)
        self.admin = self.sandbox.admin()
        self.subscription = self.subscribe()

    def subscribe(self, **more: Any) -> int:
        body = {"url": URL, "secret": SECRET, "actions": ACTIONS, **more}
        id: int = self.admin.create("webhook-subscriptions", **body).json()["id"]
        return id

    def contact(self, number: int = 0, caller: Caller | None = None) -> int:
        body = ada(email=f"ada{number}@mail.example")
        if caller is None:
            body["owner"] = {"id": self.sandbox.officers()[0]["id"]}
        id: int = (caller or self.admin).create("contacts", **body).json()["id"]
        return id

    def deliver(self) -> list[dict[str, Any]]:
        """Send what is pending. Return what arrived."""
        before = len(self.receiver.messages)
        sent = self.sandbox.post_control("deliveries")["sent"]
        new = self.receiver.messages[before:]
        assert self.receiver.is_down or sent == len(new)
        return new

    def statuses(self) -> list[str]:
        return [entry["status"] for entry in self.sandbox.get_control("deliveries")]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_every_change_of_a_subscribed_item_is_delivered_with_the_secret(scene: Scene) -> None:
    id = scene.contact()
    scene.admin.update(f"contacts/{id}", title="Doctor")
    scene.admin.delete(f"contacts/{id}")
    found = scene.deliver()
    assert [(message["item"], message["action"], message["id"]) for message in found] == [
        ("CONTACT", "CREATED", id),
        ("CONTACT", "UPDATED", id),
        ("CONTACT", "DELETED", id),
    ]
    assert all(set(message) == {"item", "action", "id", "hashValue", "secret"} for message in found)
    assert {message["secret"] for message in found} == {SECRET}
    assert set(scene.receiver.urls) == {URL}
    assert scene.deliver() == []


def test_a_hash_changes_with_the_content_and_is_restored_with_it(scene: Scene) -> None:
    id = scene.contact()
    for title in ("Doctor", "Doctor", None):
        scene.sandbox.post_control("clock", {"advance": 60})
        scene.admin.update(f"contacts/{id}", title=title)
    first, doctor, again, back = (message["hashValue"] for message in scene.deliver())
    assert first == back
    assert doctor == again != first
    assert len(first) == 16
    assert int(first, 16) > 0


def test_a_duplicate_is_delivered_as_an_update(scene: Scene) -> None:
    scene.contact()
    scene.contact()
    assert [message["action"] for message in scene.deliver()] == ["CREATED", "UPDATED"]


def test_only_subscribed_actions_of_the_same_organization_are_delivered(scene: Scene) -> None:
    scene.admin.update(f"webhook-subscriptions/{scene.subscription}", remove_actions=[ACTIONS[1]])
    id = scene.contact()
    scene.admin.update(f"contacts/{id}", title="Doctor")
    scene.admin.create(
        "contact-groups", group_name="Sailors", owner={"id": scene.sandbox.officers()[0]["id"]}
    )
    other = scene.sandbox.admin(BLUEWATER)
    other.update(f"contacts/{other.get('contacts')['items'][0]['id']}", title="Captain")
    assert [message["action"] for message in scene.deliver()] == ["CREATED"]


def test_each_subscription_gets_its_own_delivery(scene: Scene) -> None:
    scene.subscribe(url=URL + "2", secret="other")
    scene.contact()
    assert sorted(message["secret"] for message in scene.deliver()) == sorted([SECRET, "other"])
    assert sorted(scene.receiver.urls) == [URL, URL + "2"]


def test_a_rejected_write_is_not_delivered(scene: Scene) -> None:
    assert scene.admin.create("contacts", **ada(owner={"id": 1})).status_code == 422
    assert scene.deliver() == []


def test_a_pending_delivery_keeps_the_old_secret(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"hold": True})
    scene.contact(1)
    scene.admin.update(f"webhook-subscriptions/{scene.subscription}", secret="new secret")
    scene.contact(2)
    assert [message["secret"] for message in scene.deliver()] == [SECRET, "new secret"]


def test_a_users_changes_are_delivered(scene: Scene) -> None:
    scene.contact(1, scene.sandbox.user(scene.sandbox.officers()[1]))
    assert len(scene.deliver()) == 1


def test_deleting_a_group_reports_its_contacts_as_changed(scene: Scene) -> None:
    group = scene.admin.get("contact-groups")["items"][0]["id"]
    members = {contact["id"] for contact in scene.admin.items("contacts", filter=f"group_id={group}")}
    scene.admin.delete(f"contact-groups/{group}")
    assert members
    assert {message["id"] for message in scene.deliver()} == members


def test_nothing_is_delivered_after_unsubscribing(scene: Scene) -> None:
    scene.admin.delete(f"webhook-subscriptions/{scene.subscription}")
    scene.contact()
    assert scene.deliver() == []


def test_messages_can_be_repeated(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"repeat": 2})
    id = scene.contact()
    assert [message["id"] for message in scene.deliver()] == [id, id, id]
    assert scene.statuses() == ["delivered"]
    assert scene.deliver() == []


def test_messages_can_be_lost(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"drop_rate": 0.5})
    ids = [scene.contact(number) for number in range(40)]
    found = [message["id"] for message in scene.deliver()]
    assert 5 < len(found) < 35
    assert set(found) < set(ids)
    assert scene.statuses().count("dropped") == 40 - len(found)
    scene.sandbox.post_control("webhooks", {"drop_rate": 1})
    scene.contact(100)
    assert scene.deliver() == []


def test_messages_can_be_reordered(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"shuffle": True, "repeat": 1})
    ids = [scene.contact(number) for number in range(20)]
    found = [message["id"] for message in scene.deliver()]
    assert found != sorted(found)
    assert sorted(found) == sorted(ids * 2)


def test_held_deliveries_wait_until_requested_or_released(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"hold": True})
    scene.contact(1)
    deliverer = scene.sandbox.app.sandbox.delivery_worker
    assert deliverer.deliver(everything=False) == 0
    assert scene.statuses() == ["pending"]
    assert len(scene.deliver()) == 1
    scene.contact(2)
    scene.sandbox.post_control("webhooks", {"hold": False})
    assert deliverer.deliver(everything=False) == 1


def test_a_failed_delivery_is_sent_again_later(scene: Scene) -> None:
    deliverer = scene.sandbox.app.sandbox.delivery_worker
    scene.receiver.status = 500
    scene.contact()
    assert deliverer.deliver(everything=False) == 1
    assert deliverer.deliver(everything=False) == 0
    (entry,) = scene.sandbox.get_control("deliveries")
    assert (entry["status"], entry["attempts"], entry["answered"]) == ("pending", 1, 500)
    scene.receiver.status = 204
    scene.sandbox.post_control("clock", {"advance": 2})
    assert deliverer.deliver(everything=False) == 1
    assert scene.statuses() == ["delivered"]


@pytest.mark.parametrize("status", [302, 404, 503])
def test_a_delivery_that_always_fails_is_given_up(scene: Scene, status: int) -> None:
    scene.receiver.status = status
    scene.contact()
    for _ in range(12):
        scene.deliver()
    assert len(scene.receiver.messages) == 8
    assert scene.statuses() == ["failed"]


def test_an_unreachable_receiver_is_tried_once_a_round(scene: Scene) -> None:
    scene.receiver.is_down = True
    for number in range(5):
        scene.contact(number)
    assert scene.sandbox.post_control("deliveries") == {"sent": 1}
    scene.receiver.is_down = False
    assert len(scene.deliver()) == 5


def test_moving_the_clock_back_does_not_delay_deliveries_for_long(scene: Scene) -> None:
    scene.sandbox.post_control("clock", {"advance": 86400})
    scene.admin = scene.sandbox.admin()
    scene.receiver.status = 500
    scene.contact()
    deliverer = scene.sandbox.app.sandbox.delivery_worker
    deliverer.deliver(everything=False)
    scene.sandbox.post_control("clock", {"advance": -86400})
    scene.receiver.status = 200
    assert deliverer.deliver(everything=False) == 1


def test_other_machines_are_called_only_if_the_option_is_set() -> None:
    for remote, status, count in ((False, "refused", 0), (True, "delivered", 1)):
        scene = Scene(remote_webhooks=remote)
        scene.admin.update(f"webhook-subscriptions/{scene.subscription}", url="http://10.0.0.9/hooks/")
        scene.contact()
        assert len(scene.deliver()) == count
        (entry,) = scene.sandbox.get_control("deliveries")
        assert entry["status"] == status
        assert remote or "--remote-webhooks" in entry["error"]


def test_deliveries_are_listed_without_secrets(scene: Scene) -> None:
    id = scene.contact()
    scene.deliver()
    response = scene.sandbox.session().get(f"{BASE}/_sandbox/deliveries", timeout=5)
    assert SECRET not in response.text
    (entry,) = response.json()
    assert entry["at"] <= entry["last_sent"]
    assert {name: entry[name] for name in entry if name not in ("at", "last_sent", "hashValue")} == {
        "seq": 1, "organization": CEDAR, "subscription": scene.subscription, "url": URL, "item": "CONTACT",
        "action": "CREATED", "id": id, "status": "delivered", "attempts": 1, "answered": 200, "error": None,
    }  # fmt: skip
    assert scene.sandbox.get_control("deliveries?since=1") == []


def test_a_reset_removes_subscriptions_deliveries_and_settings(scene: Scene) -> None:
    scene.sandbox.post_control("webhooks", {"hold": True, "repeat": 3})
    scene.contact()
    scene.sandbox.post_control("reset")
    assert scene.sandbox.get_control("deliveries") == []
    assert scene.sandbox.get_control("webhooks") == {
        "repeat": 0,
        "drop_rate": 0.0,
        "shuffle": False,
        "hold": False,
    }
    assert scene.sandbox.admin().items("webhook-subscriptions") == []


def test_users_and_groups_can_be_watched_too(scene: Scene) -> None:
    scene.subscribe(actions=scene.admin.items("webhook-actions"))
    owner = scene.sandbox.officers()[0]["id"]
    scene.admin.update(f"users/{owner}", external_id="e-77")
    scene.admin.create("contact-groups", group_name="Sailors", owner={"id": owner})
    assert [(message["item"], message["action"]) for message in scene.deliver()] == [
        ("USER", "UPDATED"),
        ("CONTACT_GROUP", "CREATED"),
    ]


def test_records_of_contacts_can_be_watched_too(scene: Scene) -> None:
    listed = [action["item"] for action in scene.admin.items("webhook-actions")]
    assert {"LOAN", "CONTACT_NOTE", "INSIGHT", "CONTACT_SURVEY_RESPONSE"} <= set(listed)
    scene.subscribe(actions=[{"item": "CONTACT_NOTE", "action": "CREATED"}], secret="notes")
    contact = scene.contact()
    owner = {"id": scene.sandbox.officers()[0]["id"]}
    note = {
        "title": "Called",
        "note": "Will call back",
        "type_id": 1,
        "contact": {"id": contact},
        "owner": owner,
    }
    id = scene.admin.create("contact-notes", **note).json()["id"]
    assert [message["id"] for message in scene.deliver() if message["secret"] == "notes"] == [id]


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"repeat": -1}, {"repeat": 1.5}, {"repeat": 101}, {"drop_rate": 2}, {"hold": 1}, {"x": 1}],
)
def test_invalid_settings_are_rejected(sandbox: InProcessSandbox, body: Any) -> None:
    assert sandbox.session().post(f"{BASE}/_sandbox/webhooks", json=body, timeout=5).status_code == 422
    assert sandbox.get_control("webhooks")["repeat"] == 0


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    choices = question.get("possible_choice_answers") or [{"value": "1"}]
    return {"question": {"id": question["id"]}, "response_value": choices[0]["value"]}


def test_a_delivered_id_finds_the_record() -> None:
    scene = Scene()
    action = [{"item": "CONTACT_SURVEY_RESPONSE", "action": "CREATED"}]
    scene.subscribe(actions=action)
    surveys = scene.admin.get("contact-surveys")["items"]
    survey = scene.admin.get(f"contact-surveys/{surveys[0]['id']}")
    owner = {"id": scene.sandbox.officers()[0]["id"]}
    contact = scene.contact()
    scene.deliver()
    response = scene.admin.create(
        "contact-survey-responses",
        survey={"id": survey["id"]},
        contact={"id": contact},
        owner=owner,
        question_responses=[_answer(question) for question in survey["questions"]],
    )
    assert response.status_code == 201, response.text
    [message] = [told for told in scene.deliver() if told["item"] == "CONTACT_SURVEY_RESPONSE"]
    assert message["id"] == response.json()["id"]
    assert scene.admin.call("GET", f"contact-survey-responses/{message['id']}").status_code == 200


def test_an_invalid_url_does_not_block_other_deliveries() -> None:
    def send(url: str, body: bytes) -> int:
        if ".." in url:
            raise UnicodeError("label empty")
        heard.append(url)
        return 200

    heard: list[str] = []
    sandbox = InProcessSandbox(http_webhooks=True, remote_webhooks=True, send=send)
    admin = sandbox.admin()
    for url in ("https://a..b/", "https://here.example/"):
        admin.create("webhook-subscriptions", url=url, secret=SECRET, actions=ACTIONS)
    admin.create("contacts", **ada(owner={"id": sandbox.officers()[0]["id"]}))
    sandbox.post_control("deliveries")
    assert heard == ["https://here.example/"]
