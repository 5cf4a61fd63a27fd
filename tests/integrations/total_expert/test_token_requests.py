"""How token requests are sent, and how their responses are read."""

import base64
import hashlib
import json
import time
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from integrations.total_expert import (
    AnswerLost,
    Client,
    Environment,
    NotSent,
    ReconnectRequired,
    Rejected,
    TokenResponse,
    TryLater,
    oauth,
)
from integrations.total_expert.token_response import MAX_LIFETIME, MAX_SCOPES
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
     ('"expires_in": true', 3600), ('"expires_at": "x", "scope": ["a", 1], "error": "x"', 3600), ('"expires_in": 0', 0),
     ('"expires_in": " 45 "', 45), ('"expires_in": "45.5"', 45), ('"expires_in": ""', 3600), ('"expires_in": "1e3"', 1000),
     ('"expires_in": 1e300', MAX_LIFETIME), (f'"expires_in": {"9" * 5000}', MAX_LIFETIME),
     (f'"expires_in": "{"9" * 5000}"', MAX_LIFETIME), ('"expires_in": {}', 3600), ('"token_type": "Bearer"', 3600),
     ('"token_type": "BEARER"', 3600), ('"token_type": ""', 3600), ('"token_type": 7', 3600), ('"token_type": null', 3600),
     ('"token_type": "mac"', 3600), ('"token_type": ["bearer"]', 3600), ('"refresh_token": ""', 3600),
     ('"refresh_token": false', 3600), ('"refresh_token": []', 3600), ('"error": ""', 3600), ('"error": "x"', 3600)],
)  # fmt: skip
def test_an_unusual_token_response_is_accepted(scripted: ScriptedServer, extra: str, expires_in: int) -> None:
    scripted.answer(http_response(f'{{"access_token": "t", {extra}}}'.encode()))
    tokens = send(scripted.environment)
    assert (tokens.access_token, tokens.expires_in, tokens.refresh_token) == ("t", expires_in, None)


MANY = [f"{name}Interaction{number}" for number in range(9) for name in ("lead", "survey", "loan")]


@pytest.mark.parametrize(
    ("scope", "granted"),
    [(..., {"asked", "for"}), (None, {"asked", "for"}), ("", {"asked", "for"}), ([], {"asked", "for"}),
     (7, {"asked", "for"}), ("crm", {"crm"}), ("crm getUsers", {"crm", "getUsers"}), ("crm,getUsers", {"crm", "getUsers"}),
     ("crm, getUsers ,", {"crm", "getUsers"}), ("crm\tgetUsers\n", {"crm", "getUsers"}),
     (["crm", "getUsers"], {"crm", "getUsers"}), (["crm,getUsers", 7], {"crm", "getUsers"}),
     ({"0": "crm", "1": "getUsers"}, {"crm", "getUsers"}), (" ".join(MANY), set(MANY)), (",".join(MANY), set(MANY)),
     ("crm \0evil \ud800 gét", {"crm"}), ("x" * 5000 + " crm", {"crm"})],
)  # fmt: skip
def test_scopes_are_read_however_they_are_written(
    scripted: ScriptedServer, scope: Any, granted: set[str]
) -> None:
    assert len(" ".join(MANY)) > 347
    body = {"access_token": "t", "scope": scope}
    if scope is ...:
        del body["scope"]
    scripted.answer(http_response(json.dumps(body).encode()))
    assert send(scripted.environment, scopes=["asked", "for"]).scope == granted


def test_the_number_of_scopes_has_a_limit(scripted: ScriptedServer) -> None:
    many = " ".join(f"scope{number}" for number in range(100_000))
    scripted.answer(http_response(json.dumps({"access_token": "t", "scope": many}).encode()))
    assert len(send(scripted.environment).scope) == MAX_SCOPES


@pytest.mark.parametrize(
    "status", ["200 OK", "201 Created", "400 Bad Request", "401 No", "403 No", "404 No", "422 No"]
)
@pytest.mark.parametrize(
    ("word", "error", "code"),
    [("invalid_grant", ReconnectRequired, "invalid_grant"), (" Invalid_Grant ", ReconnectRequired, "invalid_grant"),
     ("invalid_client", ReconnectRequired, "invalid_client"), ("invalid_scope", Rejected, "invalid_scope"),
     ("temporarily_unavailable", TryLater, "unavailable"), ("server_error", TryLater, "server_error")],
)  # fmt: skip
def test_an_oauth_error_counts_whatever_its_status_says(
    scripted: ScriptedServer, status: str, word: str, error: type[Exception], code: str
) -> None:
    scripted.answer(http_response(json.dumps({"error": word, "error_description": "x"}).encode(), status))
    with pytest.raises(error) as refused:
        send(scripted.environment)
    assert type(refused.value) is error
    assert refused.value.code == code


def test_an_unknown_error_with_a_status_of_success_is_a_refusal(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"error": "nope", "error_description": "No such plan"}'))
    with pytest.raises(Rejected, match="No such plan"):
        send(scripted.environment)


def test_client_credentials_request_the_scopes_that_are_wanted(scripted: ScriptedServer) -> None:
    wanted = ("leadInteraction", "leadSurveyInteraction", "getUsers")
    for body in ("json", "form"):
        scripted.answer(http_response(b'{"access_token": "t"}'), http_response(b"[]"))
        environment = replace(scripted.environment, token_body=body)  # type: ignore[arg-type]
        with Client(environment, client_id="i", client_secret="s", scope=wanted) as client:
            assert client.request("GET", "x") == []
        sent = scripted.received[-2].partition(b"\r\n\r\n")[2].decode()
        data = json.loads(sent) if body == "json" else dict(parse_qsl(sent))
        assert data == {"grant_type": "client_credentials", "scope": " ".join(wanted)}


@pytest.mark.parametrize("scope", [(), [], ""])
def test_without_scopes_none_are_requested(scripted: ScriptedServer, scope: Any) -> None:
    scripted.answer(http_response(b'{"access_token": "t"}'), http_response(b"[]"))
    with Client(scripted.environment, client_id="i", client_secret="s", scope=scope) as client:
        client.request("GET", "x")
    assert b"scope" not in scripted.received[0]


def test_a_code_is_sent_with_its_verifier(scripted: ScriptedServer) -> None:
    scripted.answer(http_response(b'{"access_token": "t"}'))
    verifier = oauth.new_code_verifier()
    url = oauth.authorization_url(
        scripted.environment, client_id="i", redirect_uri="http://localhost/", state="s", scopes=[],
        code_verifier=verifier,
    )  # fmt: skip
    oauth.exchange_code(
        scripted.environment, client_id="i", client_secret="s", code="c", redirect_uri="http://localhost/",
        code_verifier=verifier,
    )  # fmt: skip
    query = dict(parse_qsl(urlsplit(url).query))
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert (query["code_challenge"], query["code_challenge_method"]) == (digest, "S256")
    assert verifier not in url and 43 <= len(verifier) <= 128
    assert json.loads(scripted.received[0].partition(b"\r\n\r\n")[2])["code_verifier"] == verifier


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
