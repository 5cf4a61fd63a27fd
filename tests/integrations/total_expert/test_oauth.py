"""Authorization and token requests, against the sandbox and against servers that misbehave."""

import base64
import json
import os
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from integrations.total_expert import (
    AnswerLost,
    Environment,
    NotSent,
    ReconnectRequired,
    Rejected,
    TokenResponse,
    TotalExpertError,
    TryLater,
    oauth,
)
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response

SCOPES = ["leadInteraction", "crm"]


def authorization_url(sandbox: SandboxServer, state: str = "a state&more") -> str:
    return oauth.authorization_url(
        sandbox.environment,
        client_id=sandbox.application["client_id"],
        redirect_uri=sandbox.redirect_uri,
        state=state,
        scopes=SCOPES,
    )


def tokens_by_consent(sandbox: SandboxServer) -> TokenResponse:
    code = sandbox.consent(authorization_url(sandbox))["code"]
    return exchange(sandbox, code)


def exchange(sandbox: SandboxServer, code: str, **changes: str) -> TokenResponse:
    options = {**sandbox.application_credentials, "redirect_uri": sandbox.redirect_uri, **changes}
    return oauth.exchange_code(sandbox.environment, code=code, adapter=sandbox.adapter, **options)


def refresh(sandbox: SandboxServer, refresh_token: str) -> TokenResponse:
    return oauth.refresh(
        sandbox.environment,
        **sandbox.application_credentials,
        refresh_token=refresh_token,
        adapter=sandbox.adapter,
    )


def test_the_authorization_url_has_every_parameter(sandbox: SandboxServer) -> None:
    url = urlsplit(authorization_url(sandbox))
    assert f"{url.scheme}://{url.netloc}{url.path}" == sandbox.environment.authorize_url
    assert dict(parse_qsl(url.query)) == {
        "response_type": "code",
        "client_id": sandbox.application["client_id"],
        "redirect_uri": sandbox.redirect_uri,
        "scope": "leadInteraction crm",
        "state": "a state&more",
    }


def test_the_authorization_url_on_this_machine_stays_http(scripted: ScriptedServer) -> None:
    url = oauth.authorization_url(
        scripted.environment, client_id="x", redirect_uri="http://localhost/", state="s", scopes=["a"]
    )
    assert url.startswith(f"{scripted.environment.authorize_url}?")
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ


def test_client_credentials_return_no_refresh_token(sandbox: SandboxServer) -> None:
    tokens = oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    assert tokens.expires_in == 3600
    assert "leadInteraction" in tokens.scope
    assert tokens.refresh_token is None
    with sandbox.client(token=lambda: tokens.access_token) as client:
        assert client.teapot()


def test_a_persons_tokens_see_only_their_contacts(sandbox: SandboxServer) -> None:
    redirect = sandbox.consent(authorization_url(sandbox))
    assert redirect["state"] == "a state&more"
    tokens = exchange(sandbox, redirect["code"])
    assert tokens.refresh_token
    assert tokens.scope == frozenset(SCOPES)
    with sandbox.client(token=lambda: tokens.access_token) as client:
        owners = {contact.owner.id for contact in client.contacts.all() if contact.owner}
        assert owners <= {int(sandbox.officer["id"])}


def test_fewer_scopes_than_requested_are_accepted(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b'{"access_token": "t", "expires_in": 3600, "scope": "crm", "refresh_token": "r"}')
    )
    tokens = oauth.exchange_code(
        scripted.environment, client_id="i", client_secret="s", code="c", redirect_uri="http://localhost/"
    )
    assert tokens.scope == {"crm"}


def test_a_code_works_once(sandbox: SandboxServer) -> None:
    code = sandbox.consent(authorization_url(sandbox))["code"]
    exchange(sandbox, code)
    with pytest.raises(ReconnectRequired) as refused:
        exchange(sandbox, code)
    assert (refused.value.code, refused.value.status) == ("invalid_grant", 400)
    assert (refused.value.method, refused.value.path) == ("POST", "/token")


def test_an_expired_code_is_refused(sandbox: SandboxServer) -> None:
    code = sandbox.consent(authorization_url(sandbox))["code"]
    sandbox.advance_clock(31)
    with pytest.raises(ReconnectRequired):
        exchange(sandbox, code)


def test_another_redirect_uri_is_refused(sandbox: SandboxServer) -> None:
    code = sandbox.consent(authorization_url(sandbox))["code"]
    with pytest.raises(TotalExpertError) as refused:
        exchange(sandbox, code, redirect_uri="http://localhost:8000/other/")
    assert isinstance(refused.value, Rejected | ReconnectRequired)
    assert "localhost" not in str(refused.value)


def test_a_refresh_rotates_the_refresh_token(sandbox: SandboxServer) -> None:
    first = tokens_by_consent(sandbox)
    assert first.refresh_token
    second = refresh(sandbox, first.refresh_token)
    assert second.refresh_token not in (None, first.refresh_token)
    assert second.access_token != first.access_token
    with pytest.raises(ReconnectRequired) as refused:
        refresh(sandbox, first.refresh_token)
    assert refused.value.code == "invalid_grant"


def test_a_refresh_token_expires_after_two_weeks(sandbox: SandboxServer) -> None:
    tokens = tokens_by_consent(sandbox)
    assert tokens.refresh_token
    sandbox.advance_clock(14 * 86400 + 1)
    with pytest.raises(ReconnectRequired):
        refresh(sandbox, tokens.refresh_token)


@pytest.mark.parametrize("wrong", ["wrong", "", "with a\nline break", "Ünïcödé “quoted”", "a:b", "\ud800"])
def test_a_wrong_secret_is_one_of_the_three_errors_whatever_was_pasted(
    sandbox: SandboxServer, wrong: str
) -> None:
    with pytest.raises((ReconnectRequired, Rejected)) as refused:
        oauth.client_credentials(
            sandbox.environment,
            client_id=sandbox.credentials["client_id"],
            client_secret=wrong,
            adapter=sandbox.adapter,
        )
    assert not wrong or wrong not in str(refused.value)


def test_an_unknown_client_has_its_own_code(sandbox: SandboxServer) -> None:
    with pytest.raises(ReconnectRequired) as refused:
        oauth.client_credentials(
            sandbox.environment, client_id="unknown", client_secret="x", adapter=sandbox.adapter
        )
    assert refused.value.code == "invalid_client"
    assert "environment" in str(refused.value)


def test_the_token_rate_limit_raises_try_later(make_sandbox: type[SandboxServer]) -> None:
    sandbox = make_sandbox(tokens_per_hour=1)
    oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    with pytest.raises(TryLater) as refused:
        oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    assert type(refused.value) is TryLater
    assert (refused.value.code, refused.value.after) == ("rate_limited", None)


def test_a_lost_token_response_raises_answer_lost(
    sandbox: SandboxServer,
) -> None:
    tokens = tokens_by_consent(sandbox)
    assert tokens.refresh_token
    sandbox.fault({"method": "POST", "path": "/v1/token", "drop": "after", "times": 1})
    with pytest.raises(AnswerLost):
        refresh(sandbox, tokens.refresh_token)
    with pytest.raises(ReconnectRequired):
        refresh(sandbox, tokens.refresh_token)


def send(environment: Environment, **options: Any) -> TokenResponse:
    return oauth.refresh(
        environment,
        **{"client_id": "an-id", "client_secret": "s:cret+/&", "refresh_token": "r &=+%", **options},
    )


def test_the_body_is_json_and_the_secret_is_in_the_header(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"access_token": "t", "refresh_token": "new"}'))
    send(scripted.environment)
    head, _, body = scripted.received[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"grant_type": "refresh_token", "refresh_token": "r &=+%"}
    assert b"POST /v1/token HTTP/1.1" in head
    assert b"\r\nContent-Type: application/json" in head
    assert b"Basic " + base64.b64encode(b"an-id:s:cret+/&") in head


def test_an_environment_can_require_a_form_body(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"access_token": "t"}'))
    send(replace(scripted.environment, token_body="form"))
    head, _, body = scripted.received[0].partition(b"\r\n\r\n")
    assert dict(parse_qsl(body.decode())) == {"grant_type": "refresh_token", "refresh_token": "r &=+%"}
    assert b"Content-Type: application/x-www-form-urlencoded" in head


def test_every_grant_type_works_with_a_form_body(sandbox: SandboxServer) -> None:
    sandbox.environment = replace(sandbox.environment, token_body="form")
    tokens = tokens_by_consent(sandbox)
    assert tokens.refresh_token
    assert refresh(sandbox, tokens.refresh_token).refresh_token
    assert oauth.client_credentials(
        sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter
    ).access_token


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"token_type": "bearer"}', b'{"access_token": ""}', b'{"access_token": 5}',
     b'{"access_token": "a b"}', b'{"access_token": "a\\n"}', b'{"access_token": "\xc3\xa4"}',
     b'{"access_token": "t", "refresh_token": ["x"]}', b'{"access_token": "t', b"access_token=t&token_type=bearer"],
)  # fmt: skip
def test_an_unreadable_token_response_raises_answer_lost(scripted: ScriptedServer, body: bytes) -> None:
    scripted.answer(http_response(body))
    with pytest.raises(AnswerLost) as lost:
        send(scripted.environment)
    assert lost.value.status == 200


@pytest.mark.parametrize(
    ("extra", "expires_in"),
    [('"expires_in": 60', 60), ('"expires_in": "60"', 60), ('"expires_in": 60.9', 60), ('"expires_in": null', 3600),
     ('"expires_in": "soon"', 3600), ('"expires_in": -5', 0), ('"expires_in": [1]', 3600), ('"scope": 7', 3600),
     ('"expires_in": true', 3600), ('"expires_at": "x", "scope": ["a", 1], "error": "x"', 3600)],
)  # fmt: skip
def test_an_unusual_token_response_is_accepted(scripted: ScriptedServer, extra: str, expires_in: int) -> None:
    scripted.answer(http_response(f'{{"access_token": "t", {extra}}}'.encode()))
    tokens = send(scripted.environment)
    assert (tokens.access_token, tokens.expires_in, tokens.refresh_token) == ("t", expires_in, None)


def test_a_refused_connection_raises_not_sent(scripted: ScriptedServer) -> None:
    scripted.close()
    with pytest.raises(NotSent) as failed:
        send(scripted.environment)
    assert (failed.value.method, failed.value.path) == ("POST", "/token")


def test_a_broken_connection_raises_answer_lost(scripted: ScriptedServer) -> None:
    scripted.answer(
        None, http_response(b'{"access_token": "t"', length=300), lambda connection: time.sleep(0.3)
    )
    for _ in range(3):
        with pytest.raises(AnswerLost):
            send(scripted.environment, timeout=(1, 0.1))


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "504 Timeout"])
def test_a_gateway_error_raises_answer_lost(scripted: ScriptedServer, status: str) -> None:
    scripted.answer(http_response(b"<html>", status))
    with pytest.raises(AnswerLost):
        send(scripted.environment)


def test_a_redirect_is_not_followed(scripted: ScriptedServer) -> None:
    other = ScriptedServer()
    scripted.answer(http_response(b"", "307 Temporary", f"Location: {other.environment.token_url}"))
    with pytest.raises(Rejected) as refused:
        send(scripted.environment)
    other.close()
    assert refused.value.code == "redirect"
    assert other.received == []


def test_the_message_of_the_server_shows_no_secret(scripted: ScriptedServer) -> None:
    scripted.answer(
        http_response(b'{"error": "bad secret s:cret+/& of an-id with r &=+%"}', "400 Bad Request")
    )
    with pytest.raises(Rejected) as refused:
        send(scripted.environment)
    assert "s:cret" not in str(refused.value)
    assert "an-id" not in str(refused.value)
    assert "=+%" not in str(refused.value)


def test_an_empty_code_or_refresh_token_is_not_sent(scripted: ScriptedServer) -> None:
    with pytest.raises(Rejected):
        send(scripted.environment, refresh_token="")
    with pytest.raises(Rejected):
        oauth.exchange_code(
            scripted.environment, client_id="i", client_secret="s", code="", redirect_uri="http://localhost/"
        )
    assert scripted.received == []


def test_a_token_request_is_not_retried(sandbox: SandboxServer) -> None:
    sandbox.fault({"method": "POST", "path": "/v1/token", "status": 503})
    with pytest.raises(TryLater):
        oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    assert len(sandbox.requests("/token")) == 1


def test_an_adapter_that_is_passed_stays_open(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[requests.adapters.BaseAdapter] = []
    monkeypatch.setattr(type(sandbox.adapter), "close", lambda self: closed.append(self))
    oauth.client_credentials(sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter)
    assert closed == []
