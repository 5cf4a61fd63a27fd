"""Faults: they hit the requests they should, as often as they should, and clients see them."""

import time
from typing import Any

import pytest
import requests

from tests.integrations.sandbox.clients import BASE, Caller, InProcessSandbox, ada


def call(sandbox: InProcessSandbox, timeout: float = 5) -> requests.Response:
    return sandbox.session().get(f"{BASE}/v1/heartbeat", timeout=timeout, allow_redirects=False)


def test_a_status_is_returned_as_often_as_requested_and_the_request_has_no_effect(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    before = sandbox.get_control("state")["organizations"]
    sandbox.post_control("faults", [{"method": "POST", "path": "/v1/contacts", "status": 503, "times": 2}])
    body = ada(owner={"id": owner["id"]})
    assert [admin.create("contacts", **body).status_code for _ in range(2)] == [503, 503]
    assert sandbox.get_control("state")["organizations"] == before
    assert admin.create("contacts", **body).status_code == 201
    assert sandbox.get_control("faults")[0]["times"] == 0


def test_only_matching_requests_are_hit(sandbox: InProcessSandbox, admin: Caller) -> None:
    sandbox.post_control("faults", [{"method": "POST", "path": "/v1/contacts", "status": 500}])
    assert admin.call("GET", "contacts").status_code == 200
    assert admin.create("contact-groups").status_code == 422


def test_a_path_with_a_dollar_sign_hits_nothing_below_it(sandbox: InProcessSandbox, admin: Caller) -> None:
    id = admin.items("contacts")[0]["id"]
    sandbox.post_control("faults", [{"path": "/v1/contacts$", "status": 500}])
    assert admin.call("GET", "contacts").status_code == 500
    assert admin.call("GET", f"contacts/{id}").status_code == 200


def test_a_fault_on_a_record_hits_the_responses_that_show_it(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    first, second = [each["id"] for each in admin.items("contacts")[:2]]
    sandbox.post_control("faults", [{"path": "/v1/contacts", "shows": first, "status": 500}])
    paths = [f"contacts/{first}", f"contacts/{second}", "contacts", "contacts?page[number]=2&page[size]=10"]
    assert [admin.call("GET", path).status_code for path in paths] == [500, 200, 500, 200]


def test_records_and_links_can_be_changed_and_parameters_ignored(
    sandbox: InProcessSandbox, admin: Caller
) -> None:
    before = admin.items("contacts")
    id = before[0]["id"]
    sandbox.post_control(
        "faults",
        [
            {"path": "/v1/contacts", "shows": id, "change": {"city": "Odd"}, "times": 1},
            {"path": "/v1/contacts", "links": {"next": 2, "last": 10**11}},
            {"path": "/v1/contacts", "ignore": ["page[number]"]},
        ],
    )
    page = admin.call("GET", "contacts?page[number]=3&page[size]=10").json()
    assert [each["id"] for each in page["items"]] == [each["id"] for each in before[:10]]
    assert [each["city"] == "Odd" for each in page["items"]] == [True] + [False] * 9
    assert (page["links"]["next"], page["links"]["last"]) == (2, 10**11)
    page = admin.call("GET", "contacts").json()
    assert page["items"] == before[: len(page["items"])], "the change was for one response"


@pytest.mark.parametrize(
    "wrong", [{"ignore": "page"}, {"ignore": [5]}, {"change": []}, {"links": 5}, {"shows": 5}]
)
def test_an_invalid_effect_is_refused(sandbox: InProcessSandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        sandbox.post_control("faults", [wrong])


def test_a_rate_hits_some_requests(sandbox: InProcessSandbox) -> None:
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "status": 503, "rate": 0.5}])
    statuses = [call(sandbox).status_code for _ in range(200)]
    assert 60 < statuses.count(503) < 140


def test_a_connection_cut_before_the_request_has_no_effect(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    before, logged = sandbox.get_control("state")["organizations"], len(sandbox.get_control("requests"))
    sandbox.post_control("faults", [{"method": "POST", "path": "/v1/contacts", "drop": "before", "times": 1}])
    with pytest.raises(requests.ConnectionError):
        admin.create("contacts", **ada(owner={"id": owner["id"]}))
    assert sandbox.get_control("state")["organizations"] == before
    assert len(sandbox.get_control("requests")) == logged


def test_a_request_takes_effect_before_its_connection_is_cut(
    sandbox: InProcessSandbox, admin: Caller, owner: dict[str, Any]
) -> None:
    sandbox.post_control("faults", [{"method": "POST", "path": "/v1/contacts", "drop": "after", "times": 1}])
    with pytest.raises(requests.ConnectionError):
        admin.create("contacts", **ada(owner={"id": owner["id"]}))
    assert len(admin.items("contacts", filter="last_name=Birch")) == 1
    assert sandbox.get_control("requests")[-2]["status"] == 201


def test_a_refresh_token_used_on_a_cut_connection_stays_used(sandbox: InProcessSandbox) -> None:
    token = sandbox.grant(sandbox.officers()[0])["refresh_token"]
    sandbox.post_control("faults", [{"path": "/v1/token", "drop": "after", "times": 1}])
    with pytest.raises(requests.ConnectionError):
        sandbox.token(sandbox.application, grant_type="refresh_token", refresh_token=token)
    response = sandbox.token(sandbox.application, grant_type="refresh_token", refresh_token=token)
    assert response.json()["error"] == "invalid_grant"


def test_a_delay_longer_than_the_timeout_times_out_at_once(sandbox: InProcessSandbox) -> None:
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "delay_ms": 60_000}])
    began = time.monotonic()
    with pytest.raises(requests.ReadTimeout):
        call(sandbox, timeout=2)
    assert time.monotonic() - began < 30


def test_a_short_delay_is_waited_for(sandbox: InProcessSandbox) -> None:
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "delay_ms": 60}])
    began = time.monotonic()
    assert call(sandbox).status_code == 200
    assert time.monotonic() - began >= 0.06


@pytest.mark.parametrize(("body", "start"), [("html", "<!DOCTYPE"), ("truncated", '{"items"'), ("empty", "")])
def test_a_body_can_be_broken(sandbox: InProcessSandbox, body: str, start: str) -> None:
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "body": body}])
    response = call(sandbox)
    assert response.status_code == 200
    assert response.text.startswith(start)
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_a_response_can_redirect(sandbox: InProcessSandbox) -> None:
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "redirect": "https://evil.example/"}])
    response = call(sandbox)
    assert (response.status_code, response.headers["Location"]) == (302, "https://evil.example/")


def test_a_new_list_replaces_the_old_one(sandbox: InProcessSandbox) -> None:
    sandbox.post_control("faults", [{"status": 500}])
    sandbox.post_control("faults", [])
    assert call(sandbox).status_code == 200
    assert sandbox.get_control("faults") == []


@pytest.mark.parametrize(
    "faults",
    [
        {"status": 500}, ["x"], [{}], [{"drop": "sideways"}], [{"body": "odd"}], [{"status": "500"}],
        [{"status": 500, "color": 1}], [{"status": 500, "rate": "often"}], [{"status": True}],
    ],
)  # fmt: skip
def test_an_invalid_fault_is_rejected(sandbox: InProcessSandbox, faults: Any) -> None:
    response = sandbox.session().post(f"{BASE}/_sandbox/faults", json=faults, timeout=5)
    assert response.status_code == 422
    assert sandbox.get_control("faults") == []


def test_latency_delays_every_response() -> None:
    sandbox = InProcessSandbox(latency_ms=30)
    began = time.monotonic()
    assert call(sandbox).status_code == 200
    assert time.monotonic() - began >= 0.03


def test_a_request_over_the_limit_does_not_use_up_a_fault() -> None:
    sandbox = InProcessSandbox(calls_per_minute=1)
    call(sandbox)
    sandbox.post_control("faults", [{"path": "/v1/heartbeat", "status": 503, "times": 1}])
    assert call(sandbox).status_code == 429
    assert sandbox.get_control("faults")[0]["times"] == 1
    sandbox.post_control("clock", {"advance": 61})
    assert call(sandbox).status_code == 503


def test_a_reset_repeats_the_same_random_faults(sandbox: InProcessSandbox) -> None:
    def fall() -> list[int]:
        sandbox.post_control("faults", [{"path": "/v1/heartbeat", "status": 503, "rate": 0.5}])
        return [call(sandbox).status_code for _ in range(30)]

    sandbox.post_control("reset")
    first = fall()
    sandbox.post_control("reset")
    assert fall() == first


@pytest.mark.parametrize(
    "wrong",
    [{"status": 99999}, {"status": -5}, {"status": 100}, {"rate": 5}, {"times": -3}, {"redirect": "a\r\nb"}],
)
def test_invalid_values_are_rejected(sandbox: InProcessSandbox, wrong: dict[str, Any]) -> None:
    response = sandbox.session().post(f"{BASE}/_sandbox/faults", json=[{"delay_ms": 1, **wrong}], timeout=5)
    assert response.status_code == 422
