"""Limits for requests and tokens: sliding windows per source address, and the request log."""

import requests

from tests.integrations.sandbox.clients import BASE, InProcessSandbox


def call(sandbox: InProcessSandbox, address: str = "10.0.0.1", path: str = "heartbeat") -> requests.Response:
    return sandbox.session().get(f"{BASE}/v1/{path}", headers={"X-Sandbox-Address": address}, timeout=5)


def token(sandbox: InProcessSandbox, address: str = "10.0.0.1", secret: str | None = None) -> int:
    own = sandbox.organization()
    auth = (own["client_id"], secret or own["client_secret"])
    headers = {"X-Sandbox-Address": address}
    body = {"grant_type": "client_credentials"}
    return (
        sandbox.session()
        .post(f"{BASE}/v1/token", json=body, auth=auth, headers=headers, timeout=5)
        .status_code
    )


def test_calls_beyond_the_limit_get_429_without_retry_after() -> None:
    sandbox = InProcessSandbox(calls_per_minute=5)
    assert [call(sandbox).status_code for _ in range(5)] == [200] * 5
    response = call(sandbox)
    assert response.status_code == 429
    assert response.json()["error"] == "rate_limit_exceeded"
    assert "Retry-After" not in response.headers


def test_the_window_slides_and_rejected_requests_do_not_count() -> None:
    sandbox = InProcessSandbox(calls_per_minute=4)
    assert [call(sandbox).status_code for _ in range(2)] == [200] * 2
    sandbox.post_control("clock", {"advance": 40})
    assert [call(sandbox).status_code for _ in range(4)] == [200, 200, 429, 429]
    sandbox.post_control("clock", {"advance": 25})
    assert [call(sandbox).status_code for _ in range(3)] == [200, 200, 429]


def test_each_address_has_its_own_limits() -> None:
    sandbox = InProcessSandbox(calls_per_minute=1, tokens_per_hour=1)
    assert [call(sandbox, "10.0.0.1").status_code, call(sandbox, "10.0.0.2").status_code] == [200, 200]
    assert call(sandbox, "10.0.0.1").status_code == 429
    assert [token(sandbox, f"10.0.0.{n}") for n in (3, 4, 3)] == [200, 200, 429]


def test_two_token_requests_an_hour_and_failed_ones_count() -> None:
    sandbox = InProcessSandbox(tokens_per_hour=2)
    assert [token(sandbox), token(sandbox, secret="wrong"), token(sandbox)] == [200, 400, 429]
    sandbox.post_control("clock", {"advance": 3590})
    assert token(sandbox) == 429
    sandbox.post_control("clock", {"advance": 20})
    assert [token(sandbox), token(sandbox), token(sandbox)] == [200, 200, 429]


def test_token_requests_count_as_requests() -> None:
    sandbox = InProcessSandbox(calls_per_minute=2)
    assert [token(sandbox), token(sandbox), token(sandbox)] == [200, 200, 429]


def test_zero_means_no_limit(sandbox: InProcessSandbox) -> None:
    assert {call(sandbox).status_code for _ in range(50)} == {200}
    assert {token(sandbox) for _ in range(10)} == {200}


def test_only_loopback_can_simulate_another_address(sandbox: InProcessSandbox) -> None:
    from tests.wsgi_adapter import WSGIAdapter

    session = requests.Session()
    session.mount(BASE, WSGIAdapter(sandbox.app, remote_addr="192.0.2.7"))
    session.get(f"{BASE}/v1/heartbeat", headers={"X-Sandbox-Address": "10.0.0.1"}, timeout=5)
    call(sandbox, "10.0.0.1")
    assert [entry["address"] for entry in sandbox.get_control("requests")] == ["192.0.2.7", "10.0.0.1"]


def test_the_log_has_caller_request_and_status(sandbox: InProcessSandbox) -> None:
    admin = sandbox.admin()
    admin.call("GET", "contacts", params={"page[size]": 3})
    admin.call("GET", "nothing")
    entries = sandbox.get_control("requests")
    assert [(entry["method"], entry["path"], entry["status"]) for entry in entries] == [
        ("POST", "/v1/token", 200),
        ("GET", "/v1/contacts", 200),
        ("GET", "/v1/nothing", 404),
    ]
    assert {entry["client_id"] for entry in entries[:2]} == {sandbox.organization()["client_id"]}
    assert entries[1]["query"] == "page%5Bsize%5D=3"
    assert set(entries[0]) == {"seq", "at", "method", "path", "query", "status", "client_id", "address"}
    assert [entry["seq"] for entry in sandbox.get_control(f"requests?since={entries[0]['seq']}")] == [2, 3]


def test_the_log_has_no_secrets(sandbox: InProcessSandbox) -> None:
    granted = sandbox.grant(sandbox.officers()[0])
    text = str(sandbox.get_control("requests"))
    for secret in (granted["access_token"], granted["refresh_token"], sandbox.application[1]):
        assert secret not in text


def test_the_log_is_bounded(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("integrations.sandbox.control.limits.MAX_ENTRIES", 20)
    monkeypatch.setattr("integrations.sandbox.control.limits._TRIM_EVERY", 10)
    sandbox = InProcessSandbox(tokens_per_hour=1)
    token(sandbox)
    for _ in range(60):
        call(sandbox)
    entries = sandbox.get_control("requests")
    assert len(entries) <= 31
    assert token(sandbox) == 429


def test_requests_in_the_future_do_not_count_after_the_clock_moves_back() -> None:
    sandbox = InProcessSandbox(calls_per_minute=2, tokens_per_hour=1)
    sandbox.post_control("clock", {"advance": 14 * 86400})
    assert token(sandbox) == 200 and token(sandbox) == 429
    sandbox.post_control("clock", {"advance": -7 * 86400})
    assert token(sandbox) == 200
    assert call(sandbox).status_code == 200
