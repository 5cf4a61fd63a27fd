"""The restrictions of a session, over real sockets."""

import contextlib
import os
import socket
from pathlib import Path

import pytest
import requests

from integrations.total_expert import (
    Client,
    Environment,
    NotSent,
    Rejected,
    TotalExpertError,
    oauth,
)
from integrations.total_expert.transport import responses as api_responses
from integrations.total_expert.transport import sessions
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response
from tests.integrations.total_expert.transport.failing_call import failure


def test_a_server_without_tls_gets_no_token(scripted: ScriptedServer) -> None:
    secure = Environment(
        "tls", scripted.environment.base_url.replace("http:", "https:"), "https://te.example/v1/authorize"
    )
    scripted.answer(http_response(b"{}"))

    with (
        Client(secure, token=lambda: "a-token", max_attempts=1, timeout=(0.2, 0.2)) as client,
        pytest.raises(NotSent),
    ):
        client.teapot()
    assert b"a-token" not in b"".join(scripted.received)


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_redirect_is_not_followed(status: str, scripted: ScriptedServer) -> None:
    other = ScriptedServer()
    scripted.answer(http_response(b"{}", status, f"Location: {other.environment.base_url}/contacts"))
    error = failure(scripted)
    other.close()
    assert isinstance(error, Rejected)
    assert error.code == "redirect"
    assert other.received == []
    assert len(scripted.received) == 1


def test_a_redirect_with_an_endless_body_is_cut_off(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_responses, "MAX_RESPONSE_BYTES", 100_000)
    sent = 0

    def pour(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(http_response(b"", "302 Found", "Location: /elsewhere", length=100_000_000))
        with contextlib.suppress(OSError):
            while sent < 100_000_000:
                sent += connection.send(b" " * 100_000)

    scripted.answer(pour, pour)
    assert failure(scripted).code == "too_large"
    with pytest.raises(TotalExpertError):
        oauth.refresh(scripted.environment, client_id="i", client_secret="s", refresh_token="r")
    scripted.close()
    assert sent < 50_000_000


def test_a_session_reaches_no_other_host(sandbox: SandboxServer) -> None:
    session = sessions.configure_session(sessions.ApiSession(), sandbox.environment, adapter=sandbox.adapter)
    assert session.get("https://te.example/v1/heartbeat").status_code == 200
    for url in ("https://evil.example/v1", "http://te.example/v1", "https://te.example.evil.example/"):
        with pytest.raises(requests.exceptions.InvalidSchema):
            session.get(url)


def test_cookies_are_not_kept(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b"{}", "200 OK", "Set-Cookie: a=b; Path=/"), http_response(b"{}"))
    with scripted.client() as client:
        client.request("GET", "x")
        client.request("GET", "x")
    assert b"cookie" not in scripted.received[1].lower()


def test_netrc_and_the_proxy_variables_are_ignored(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", os.fspath(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    scripted.answer(http_response(b"{}"))
    with scripted.client() as client:
        client.heartbeat()
    assert b"authorization" not in scripted.received[0].lower()


def test_proxies_that_are_passed_are_used(scripted: ScriptedServer) -> None:
    proxy = ScriptedServer()
    proxy.answer(http_response(b'{"running_item": "x"}'))
    address = proxy.environment.origin
    with scripted.client(proxies={"http": address}) as client:
        assert client.heartbeat() == "x"
    proxy.close()
    assert scripted.received == []
