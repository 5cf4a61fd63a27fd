"""What the HTTP libraries log."""

import logging

import pytest

from integrations.total_expert import Client, oauth
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response


def test_no_secret_and_no_query_string_is_logged_at_any_level(
    sandbox: SandboxServer, scripted: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    tokens = oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    scripted.answer(http_response(b'{"access_token": "canary-token-1", "refresh_token": "canary-token-2"}'))
    oauth.refresh(
        scripted.environment, client_id="an-id", client_secret="canary-secret", refresh_token="canary-refresh"
    )
    scripted.answer(http_response(b'{"items": [], "links": {"next": null}}'))
    with scripted.client(token=lambda: "canary-token-3") as client:
        client.contacts.list(filter={"email": "canary@example.com"})
    assert "/v1/contacts" in caplog.text
    assert "canary" not in caplog.text
    assert tokens.access_token not in caplog.text
    assert sandbox.credentials["client_secret"] not in caplog.text


def test_no_repr_shows_a_secret(sandbox: SandboxServer) -> None:
    tokens = oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    client = Client(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    client.teapot()
    shown = f"{tokens!r} {client!r} {client._sender!r} {client._sender._tokens!r} {vars(client)!r}"
    assert tokens.access_token not in shown
    assert sandbox.credentials["client_secret"] not in shown
