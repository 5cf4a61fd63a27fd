"""Opting in and out of text messages."""

from typing import Any

import pytest

from tests.integrations.sandbox.clients import CEDAR, Caller, InProcessSandbox

NUMBER = "612.555.0142"


def counts(sandbox: InProcessSandbox) -> tuple[int, int]:
    """Return how many numbers are opted in and out."""
    state = sandbox.get_control("state")["organizations"][CEDAR]
    return state["sms/opt-in"]["count"], state["sms/opt-out"]["count"]


def test_the_last_choice_counts(sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]) -> None:
    chosen = {"phone_number": NUMBER, "user": {"id": owner["id"]}, "status": "OPTED_IN"}
    before = counts(sandbox)
    opted_in = admin.create("sms/opt-in", **chosen)
    assert opted_in.status_code == 201
    assert opted_in.json()["created"] == f"sandbox.example/v1/sms/opt-in/{opted_in.json()['id']}"
    assert counts(sandbox) == (before[0] + 1, before[1])
    assert admin.create("sms/opt-in", **chosen | {"phone_number": "6125550142"}).status_code == 200
    assert admin.create("sms/opt-out", phone_number="(612)555-0142").status_code == 201
    assert counts(sandbox) == (before[0], before[1] + 1)
    assert admin.create("sms/opt-in", **chosen).status_code == 201
    assert counts(sandbox) == (before[0] + 1, before[1])


@pytest.mark.parametrize("missing", ["phone_number", "user", "status"])
def test_an_opt_in_needs_its_required_attributes(admin: Caller, owner: dict[str, Any], missing: str) -> None:
    body = {"phone_number": NUMBER, "user": {"username": owner["username"]}, "status": "OPTED_IN"}
    del body[missing]
    rejected = admin.create("sms/opt-in", **body)
    assert rejected.status_code == 422
    assert missing in rejected.json()["error"]


@pytest.mark.parametrize("status", ["REQUESTED", "OPTED_OUT", "YES"])
def test_other_statuses_are_rejected(admin: Caller, owner: dict[str, Any], status: str) -> None:
    body = {"phone_number": NUMBER, "user": {"id": owner["id"]}, "status": status}
    assert admin.create("sms/opt-in", **body).status_code == 422


def test_an_opt_out_needs_a_number(admin: Caller) -> None:
    assert admin.create("sms/opt-out").status_code == 422


def test_the_lists_are_write_only(admin: Caller, owner: dict[str, Any]) -> None:
    id = admin.create("sms/opt-out", phone_number=NUMBER).json()["id"]
    assert admin.call("GET", "sms/opt-out").status_code == 405
    assert admin.call("GET", f"sms/opt-out/{id}").status_code == 404
