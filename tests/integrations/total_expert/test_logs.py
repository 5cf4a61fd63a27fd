"""What the libraries underneath may log."""

import logging

import pytest

from integrations.total_expert import Client, oauth
from tests.integrations.total_expert.conftest import Emulator, Scripted
from tests.integrations.total_expert.test_transport import http


def test_no_secret_and_no_filter_is_logged_at_any_level(
    emulator: Emulator, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET)
    for name in list(logging.root.manager.loggerDict):
        caplog.set_level(logging.DEBUG, logger=name)
    grant = oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    scripted.answer(http(b'{"access_token": "canary-token-1", "refresh_token": "canary-token-2"}'))
    oauth.refresh(
        scripted.environment, client_id="an-id", client_secret="canary-secret", refresh_token="canary-refresh"
    )
    scripted.answer(http(b'{"items": [], "links": {"next": null}}'))
    with scripted.client(token=lambda: "canary-token-3") as client:
        client.contacts.list(filter={"email": "canary@example.com"})
    assert "/v1/contacts" in caplog.text
    assert "canary" not in caplog.text
    assert grant.access_token not in caplog.text
    assert emulator.credentials["client_secret"] not in caplog.text


def test_nothing_that_is_shown_holds_a_secret(emulator: Emulator) -> None:
    grant = oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    client = Client(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    client.teapot()
    shown = f"{grant!r} {client!r} {client._caller!r} {client._caller._tokens!r} {vars(client)!r}"
    assert grant.access_token not in shown
    assert emulator.credentials["client_secret"] not in shown
