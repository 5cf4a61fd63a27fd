"""Snapshots: saving and restoring everything, atomically."""

import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integrations.sandbox.clients import BASE, Caller, InProcessSandbox, ada
from tests.integrations.sandbox.processes import Process

OPEN = ("--organizations", "1", "--contacts", "300", "--calls-per-minute", "0", "--tokens-per-hour", "0")


@pytest.fixture(params=["memory", "file"])
def sandbox(request: pytest.FixtureRequest, tmp_path: Path) -> InProcessSandbox:
    """A sandbox without limits, in memory or over a file."""
    return InProcessSandbox(":memory:" if request.param == "memory" else str(tmp_path / "sandbox.db"))


def names(sandbox: InProcessSandbox) -> list[str]:
    return [entry["name"] for entry in sandbox.get_control("snapshots")]


def test_everything_is_restored(sandbox: InProcessSandbox) -> None:
    admin = sandbox.admin()
    owner = {"id": sandbox.officers()[0]["id"]}
    id = admin.create("contacts", **ada(owner=owner)).json()["id"]
    sandbox.post_control("clock", {"advance": 500})
    sandbox.post_control("faults", [{"path": "/v1/nowhere", "status": 500, "times": 4}])
    sandbox.post_control("webhooks", {"hold": True})
    state, log = sandbox.get_control("state")["organizations"], sandbox.get_control("requests")
    assert sandbox.get_control("snapshots") == []
    sandbox.post_control("snapshots", {"save": "before"})
    admin.delete(f"contacts/{id}")
    sandbox.post_control("clock", {"advance": 86400})
    sandbox.post_control("faults", [])
    sandbox.post_control("webhooks", {"hold": False})
    sandbox.post_control("snapshots", {"load": "before"})
    assert sandbox.get_control("state")["organizations"] == state
    assert sandbox.get_control("requests") == log
    assert sandbox.get_control("clock")["offset"] == 500
    assert sandbox.get_control("faults")[0]["times"] == 4
    assert sandbox.get_control("webhooks")["hold"] is True
    assert admin.get(f"contacts/{id}")["last_name"] == "Birch"
    assert id in {item["id"] for item in admin.items("contacts", sort="-internal_updated_at")}


def test_limits_are_restored() -> None:
    limited = InProcessSandbox(tokens_per_hour=2)
    limited.admin()
    limited.post_control("snapshots", {"save": "one-token"})
    limited.admin()
    own = limited.organization()
    auth = (own["client_id"], own["client_secret"])
    assert limited.token(auth, grant_type="client_credentials").status_code == 429
    limited.post_control("snapshots", {"load": "one-token"})
    assert limited.token(auth, grant_type="client_credentials").status_code == 200
    assert limited.token(auth, grant_type="client_credentials").status_code == 429


def test_a_name_can_be_saved_and_loaded_again(sandbox: InProcessSandbox) -> None:
    admin = sandbox.admin()
    for title in ("Captain", "Doctor"):
        item = admin.get("contacts")["items"][0]["id"]
        admin.update(f"contacts/{item}", title=title)
        sandbox.post_control("snapshots", {"save": "same"})
    for _ in range(2):
        admin.update(f"contacts/{item}", title="Nobody")
        sandbox.post_control("snapshots", {"load": "same"})
        assert admin.get(f"contacts/{item}")["title"] == "Doctor"
    assert names(sandbox) == ["same"]


def test_several_are_listed_by_name_and_survive_a_reset(sandbox: InProcessSandbox) -> None:
    for name in ("b", "a"):
        sandbox.post_control("snapshots", {"save": name})
    sandbox.post_control("reset")
    assert names(sandbox) == ["a", "b"]
    assert all(entry["bytes"] > 1000 and entry["at"] > "2000" for entry in sandbox.get_control("snapshots"))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"save": "../up"}, 422), ({"save": "a/b"}, 422), ({"save": ".hidden"}, 422), ({"save": ""}, 422),
        ({"save": "x" * 65}, 422), ({"save": "a\x00b"}, 422), ({"save": 7}, 422), ({"load": "../sandbox"}, 422),
        ({"load": "unknown"}, 404), ({}, 422), (None, 422), ({"save": "a", "load": "a"}, 422), ({"drop": "a"}, 422),
    ],
)  # fmt: skip
def test_invalid_requests_are_rejected(sandbox: InProcessSandbox, body: Any, status: int) -> None:
    assert sandbox.session().post(f"{BASE}/_sandbox/snapshots", json=body, timeout=5).status_code == status
    assert names(sandbox) == []


def test_a_file_that_is_not_a_snapshot_of_this_version_changes_nothing(tmp_path: Path) -> None:
    sandbox = InProcessSandbox(str(tmp_path / "sandbox.db"))
    folder = tmp_path / "sandbox.db.snapshots"
    sandbox.post_control("snapshots", {"save": "good"})
    state = sandbox.get_control("state")["organizations"]
    (folder / "letter.db").write_text("Dear reader, " * 100)
    shutil.copy(folder / "good.db", folder / "older.db")
    with sqlite3.connect(folder / "older.db") as older:
        older.execute("DROP TABLE outbox")
    older.close()
    for name, wording in (("letter", "cannot be read"), ("older", "Another version")):
        response = sandbox.session().post(f"{BASE}/_sandbox/snapshots", json={"load": name}, timeout=5)
        assert response.status_code == 422
        assert wording in response.json()["error"]
    assert sandbox.get_control("state")["organizations"] == state


def test_a_process_can_start_from_a_snapshot(tmp_path: Path) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    with Process(*options) as first:
        state = first.get_control("state")["organizations"]
        first.post_control("snapshots", {"save": "fresh"})
        caller = first.caller()
        caller.delete(f"contacts/{caller.get('contacts')['items'][0]['id']}")
        assert first.get_control("state")["organizations"] != state
    with Process(*options, "--load", "fresh") as second:
        assert second.get_control("state")["organizations"] == state


@pytest.mark.parametrize("doing", ["save", "load"])
def test_a_kill_while_saving_or_loading_corrupts_nothing(tmp_path: Path, doing: str) -> None:
    options = (*OPEN, "--data", str(tmp_path / "sandbox.db"))
    known: set[str] = set()
    for delay in (0.0, 0.01, 0.03):
        with Process(*options) as running:
            caller = running.caller()
            if not known:
                running.post_control("snapshots", {"save": "kept"})
                known.add(str(running.get_control("state")["organizations"]))
            caller.update(f"contacts/{caller.get('contacts')['items'][0]['id']}", title=f"Title {delay}")
            known.add(str(running.get_control("state")["organizations"]))

            def call(process: Process = running) -> None:
                try:
                    for _ in range(200):
                        process.post_control("snapshots", {doing: "kept"})
                except requests.RequestException:
                    pass

            thread = threading.Thread(target=call)
            thread.start()
            time.sleep(delay)
            running.popen.kill()
            thread.join(120)
    with Process(*options) as last:
        assert str(last.get_control("state")["organizations"]) in known
        last.post_control("snapshots", {"load": "kept"})
        assert str(last.get_control("state")["organizations"]) in known
        assert [entry["name"] for entry in last.get_control("snapshots")] == ["kept"]


def test_reads_and_writes_continue_while_snapshots_are_saved_and_loaded(tmp_path: Path) -> None:
    with Process(*OPEN, "--data", str(tmp_path / "sandbox.db")) as running:
        caller = running.caller()
        running.post_control("snapshots", {"save": "kept"})
        owner = running.get_control("credentials")["organizations"][0]["users"][1]["id"]
        failures: list[str] = []
        over = threading.Event()

        def work(number: int, mine: Caller) -> None:
            while not over.is_set():
                body = ada(owner={"id": owner}, email=f"ada{number}@mail.example")
                for response in (
                    mine.call("GET", "contacts?sort=-internal_updated_at"),
                    mine.create("contacts", **body),
                ):
                    if response.status_code not in (200, 201):
                        failures.append(response.text)

        threads = [threading.Thread(target=work, args=(n, running.caller(caller.token))) for n in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(6):
            running.post_control("snapshots", {"load": "kept"})
            running.post_control("snapshots", {"save": "other"})
        over.set()
        for thread in threads:
            thread.join(120)
        assert failures == []
