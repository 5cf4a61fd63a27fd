"""Webhook deliveries of a running sandbox: sent in the background, and not lost when it is killed."""

from pathlib import Path
from typing import Any

from tests.integrations.sandbox.clients import ada
from tests.integrations.sandbox.processes import Process, RemoteCaller
from tests.integrations.sandbox.receivers import ReceivingServer

OPEN = (
    *("--organizations", "1", "--contacts", "20", "--calls-per-minute", "0", "--tokens-per-hour", "0"),
    "--http-webhooks",
)
ACTIONS = [{"item": "CONTACT", "action": "CREATED"}]


def subscribe(caller: RemoteCaller, receiver: ReceivingServer) -> None:
    body: dict[str, Any] = {"url": receiver.url, "secret": "5f0c" * 8, "actions": ACTIONS}
    assert caller.create("webhook-subscriptions", **body).status_code == 201


def contact(process: Process, caller: RemoteCaller, number: int) -> int:
    owner = process.get_control("credentials")["organizations"][0]["users"][1]["id"]
    response = caller.create("contacts", **ada(owner={"id": owner}, email=f"ada{number}@mail.example"))
    id: int = response.json()["id"]
    return id


def test_changes_are_delivered_in_the_background_and_again_after_a_failure() -> None:
    with ReceivingServer(500) as receiver, Process(*OPEN) as running:
        caller = running.caller()
        subscribe(caller, receiver)
        id = contact(running, caller, 1)
        first, second = receiver.wait_for(2)
        assert first == second
        assert first["id"] == id
        contact(running, caller, 2)
        assert receiver.wait_for(3)[2]["id"] > id


def test_pending_deliveries_are_sent_after_a_kill_and_a_restart(tmp_path: Path) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    with ReceivingServer() as receiver:
        with Process(*options) as first:
            caller = first.caller()
            subscribe(caller, receiver)
            first.post_control("webhooks", {"hold": True})
            ids = [contact(first, caller, number) for number in range(10)]
            first.popen.kill()
        assert receiver.messages == []
        with Process(*options) as second:
            assert second.get_control("webhooks")["hold"] is True
            second.post_control("webhooks", {"hold": False})
            assert [message["id"] for message in receiver.wait_for(10)] == ids


def test_every_acknowledged_change_is_delivered_at_least_once_despite_kills(
    tmp_path: Path,
) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    ids: set[int] = set()
    with ReceivingServer() as receiver:
        for round_number in range(3):
            with Process(*options) as running:
                caller = running.caller()
                if not round_number:
                    subscribe(caller, receiver)
                ids |= {contact(running, caller, round_number * 100 + number) for number in range(15)}
                running.popen.kill()
        with Process(*options):
            count = 1
            while not ids <= {message["id"] for message in receiver.messages}:
                receiver.wait_for(count)
                count = len(receiver.messages) + 1
    assert {message["id"] for message in receiver.messages} == ids
