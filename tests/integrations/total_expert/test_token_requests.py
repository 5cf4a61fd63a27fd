"""How token requests are sent, and how their responses are read."""

import base64
import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest

from integrations.total_expert import (
    AnswerLost,
    Environment,
    NotSent,
    Rejected,
    TokenResponse,
    oauth,
)
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response


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
