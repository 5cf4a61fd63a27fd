"""The grants, against the emulator and against servers that misbehave."""

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
    Grant,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
    oauth,
)
from tests.integrations.total_expert.conftest import Emulator, Scripted
from tests.integrations.total_expert.test_transport import http

SCOPES = ["leadInteraction", "crm"]


def address(emulator: Emulator, state: str = "a state&more") -> str:
    return oauth.authorization_url(
        emulator.environment,
        client_id=emulator.application["client_id"],
        redirect_uri=emulator.redirect_uri,
        state=state,
        scopes=SCOPES,
    )


def consented(emulator: Emulator) -> Grant:
    code = emulator.consent(address(emulator))["code"]
    return exchanged(emulator, code)


def exchanged(emulator: Emulator, code: str, **changes: str) -> Grant:
    options = {**emulator.application_credentials, "redirect_uri": emulator.redirect_uri, **changes}
    return oauth.exchange_code(emulator.environment, code=code, adapter=emulator.adapter, **options)


def refreshed(emulator: Emulator, refresh_token: str) -> Grant:
    return oauth.refresh(
        emulator.environment,
        **emulator.application_credentials,
        refresh_token=refresh_token,
        adapter=emulator.adapter,
    )


def test_the_address_to_consent_at_asks_for_everything_by_name(emulator: Emulator) -> None:
    url = urlsplit(address(emulator))
    assert f"{url.scheme}://{url.netloc}{url.path}" == emulator.environment.authorize_url
    assert dict(parse_qsl(url.query)) == {
        "response_type": "code",
        "client_id": emulator.application["client_id"],
        "redirect_uri": emulator.redirect_uri,
        "scope": "leadInteraction crm",
        "state": "a state&more",
    }


def test_on_this_machine_the_address_stays_plain(scripted: Scripted) -> None:
    url = oauth.authorization_url(
        scripted.environment, client_id="x", redirect_uri="http://localhost/", state="s", scopes=["a"]
    )
    assert url.startswith(f"{scripted.environment.authorize_url}?")
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ


def test_client_credentials_bring_a_token_without_a_refresh_token(emulator: Emulator) -> None:
    grant = oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    assert grant.expires_in == 3600
    assert "leadInteraction" in grant.scope
    assert grant.refresh_token is None
    with emulator.client(token=lambda: grant.access_token) as client:
        assert client.teapot()


def test_a_consent_brings_a_pair_that_sees_one_persons_book(emulator: Emulator) -> None:
    back = emulator.consent(address(emulator))
    assert back["state"] == "a state&more"
    grant = exchanged(emulator, back["code"])
    assert grant.refresh_token
    assert grant.scope == frozenset(SCOPES)
    with emulator.client(token=lambda: grant.access_token) as client:
        owners = {contact.owner.id for contact in client.contacts.all() if contact.owner}
        assert owners <= {int(emulator.officer["id"])}


def test_fewer_scopes_than_asked_for_are_a_grant_all_the_same(scripted: Scripted) -> None:
    scripted.answer(http(b'{"access_token": "t", "expires_in": 3600, "scope": "crm", "refresh_token": "r"}'))
    grant = oauth.exchange_code(
        scripted.environment, client_id="i", client_secret="s", code="c", redirect_uri="http://localhost/"
    )
    assert grant.scope == {"crm"}


def test_a_code_works_once(emulator: Emulator) -> None:
    code = emulator.consent(address(emulator))["code"]
    exchanged(emulator, code)
    with pytest.raises(ReconnectRequired) as refused:
        exchanged(emulator, code)
    assert (refused.value.code, refused.value.status) == ("invalid_grant", 400)
    assert (refused.value.method, refused.value.path) == ("POST", "/token")


def test_a_code_that_is_too_old_is_refused(emulator: Emulator) -> None:
    code = emulator.consent(address(emulator))["code"]
    emulator.pass_time(31)
    with pytest.raises(ReconnectRequired):
        exchanged(emulator, code)


def test_another_return_address_is_refused(emulator: Emulator) -> None:
    code = emulator.consent(address(emulator))["code"]
    with pytest.raises(TotalExpertError) as refused:
        exchanged(emulator, code, redirect_uri="http://localhost:8000/other/")
    assert isinstance(refused.value, Rejected | ReconnectRequired)
    assert "localhost" not in str(refused.value)


def test_refreshing_rotates_and_the_old_token_dies(emulator: Emulator) -> None:
    first = consented(emulator)
    assert first.refresh_token
    second = refreshed(emulator, first.refresh_token)
    assert second.refresh_token not in (None, first.refresh_token)
    assert second.access_token != first.access_token
    with pytest.raises(ReconnectRequired) as refused:
        refreshed(emulator, first.refresh_token)
    assert refused.value.code == "invalid_grant"


def test_a_refresh_token_dies_after_two_weeks(emulator: Emulator) -> None:
    grant = consented(emulator)
    assert grant.refresh_token
    emulator.pass_time(14 * 86400 + 1)
    with pytest.raises(ReconnectRequired):
        refreshed(emulator, grant.refresh_token)


@pytest.mark.parametrize("wrong", ["wrong", "", "with a\nline break", "Ünïcödé “quoted”", "a:b", "\ud800"])
def test_a_wrong_secret_is_one_of_the_three_errors_whatever_was_pasted(
    emulator: Emulator, wrong: str
) -> None:
    with pytest.raises((ReconnectRequired, Rejected)) as refused:
        oauth.client_credentials(
            emulator.environment,
            client_id=emulator.credentials["client_id"],
            client_secret=wrong,
            adapter=emulator.adapter,
        )
    assert not wrong or wrong not in str(refused.value)


def test_an_unknown_client_is_told_apart(emulator: Emulator) -> None:
    with pytest.raises(ReconnectRequired) as refused:
        oauth.client_credentials(
            emulator.environment, client_id="unknown", client_secret="x", adapter=emulator.adapter
        )
    assert refused.value.code == "invalid_client"
    assert "environment" in str(refused.value)


def test_used_up_token_requests_are_tried_later(make_emulator: type[Emulator]) -> None:
    emulator = make_emulator(tokens_per_hour=1)
    oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    with pytest.raises(TryLater) as refused:
        oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    assert type(refused.value) is TryLater
    assert (refused.value.code, refused.value.after) == ("rate_limited", None)


def test_an_answer_that_is_lost_is_told_apart_from_a_request_that_was_not_sent(emulator: Emulator) -> None:
    grant = consented(emulator)
    assert grant.refresh_token
    emulator.fault({"method": "POST", "path": "/v1/token", "drop": "after", "times": 1})
    with pytest.raises(AnswerLost):
        refreshed(emulator, grant.refresh_token)
    with pytest.raises(ReconnectRequired):
        refreshed(emulator, grant.refresh_token)


def send(environment: Environment, **options: Any) -> Grant:
    return oauth.refresh(
        environment,
        **{"client_id": "an-id", "client_secret": "s:cret+/&", "refresh_token": "r &=+%", **options},
    )


def test_the_body_is_json_and_the_secret_stands_in_the_header(scripted: Scripted) -> None:
    scripted.answer(http(b'{"access_token": "t", "refresh_token": "new"}'))
    send(scripted.environment)
    head, _, body = scripted.received[0].partition(b"\r\n\r\n")
    assert json.loads(body) == {"grant_type": "refresh_token", "refresh_token": "r &=+%"}
    assert b"POST /v1/token HTTP/1.1" in head
    assert b"\r\nContent-Type: application/json" in head
    assert b"Basic " + base64.b64encode(b"an-id:s:cret+/&") in head


def test_an_environment_may_want_a_form(scripted: Scripted) -> None:
    scripted.answer(http(b'{"access_token": "t"}'))
    send(replace(scripted.environment, token_body="form"))
    head, _, body = scripted.received[0].partition(b"\r\n\r\n")
    assert dict(parse_qsl(body.decode())) == {"grant_type": "refresh_token", "refresh_token": "r &=+%"}
    assert b"Content-Type: application/x-www-form-urlencoded" in head


def test_both_bodies_work_for_all_grants(emulator: Emulator) -> None:
    emulator.environment = replace(emulator.environment, token_body="form")
    grant = consented(emulator)
    assert grant.refresh_token
    assert refreshed(emulator, grant.refresh_token).refresh_token
    assert oauth.client_credentials(
        emulator.environment, **emulator.credentials, adapter=emulator.adapter
    ).access_token


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"token_type": "bearer"}', b'{"access_token": ""}', b'{"access_token": 5}',
     b'{"access_token": "a b"}', b'{"access_token": "a\\n"}', b'{"access_token": "\xc3\xa4"}',
     b'{"access_token": "t", "refresh_token": ["x"]}', b'{"access_token": "t', b"access_token=t&token_type=bearer"],
)  # fmt: skip
def test_a_grant_that_can_not_be_read_is_lost(scripted: Scripted, body: bytes) -> None:
    scripted.answer(http(body))
    with pytest.raises(AnswerLost) as lost:
        send(scripted.environment)
    assert lost.value.status == 200


@pytest.mark.parametrize(
    ("extra", "expires_in"),
    [('"expires_in": 60', 60), ('"expires_in": "60"', 60), ('"expires_in": 60.9', 60), ('"expires_in": null', 3600),
     ('"expires_in": "soon"', 3600), ('"expires_in": -5', 0), ('"expires_in": [1]', 3600), ('"scope": 7', 3600),
     ('"expires_in": true', 3600), ('"expires_at": "x", "scope": ["a", 1], "error": "x"', 3600)],
)  # fmt: skip
def test_oddities_of_a_grant_do_not_lose_it(scripted: Scripted, extra: str, expires_in: int) -> None:
    scripted.answer(http(f'{{"access_token": "t", {extra}}}'.encode()))
    grant = send(scripted.environment)
    assert (grant.access_token, grant.expires_in, grant.refresh_token) == ("t", expires_in, None)


def test_nothing_is_sent_where_nobody_listens(scripted: Scripted) -> None:
    scripted.close()
    with pytest.raises(NotSent) as failed:
        send(scripted.environment)
    assert (failed.value.method, failed.value.path) == ("POST", "/token")


def test_a_cut_connection_loses_the_grant(scripted: Scripted) -> None:
    scripted.answer(None, http(b'{"access_token": "t"', length=300), lambda connection: time.sleep(0.3))
    for _ in range(3):
        with pytest.raises(AnswerLost):
            send(scripted.environment, timeout=(1, 0.1))


@pytest.mark.parametrize("status", ["500 Oops", "502 Bad Gateway", "504 Timeout"])
def test_a_gateways_error_may_have_spent_the_token(scripted: Scripted, status: str) -> None:
    scripted.answer(http(b"<html>", status))
    with pytest.raises(AnswerLost):
        send(scripted.environment)


def test_a_redirect_gets_neither_the_secret_nor_the_token(scripted: Scripted) -> None:
    other = Scripted()
    scripted.answer(http(b"", "307 Temporary", f"Location: {other.environment.token_url}"))
    with pytest.raises(Rejected) as refused:
        send(scripted.environment)
    other.close()
    assert refused.value.code == "redirect"
    assert other.received == []


def test_the_servers_words_lose_what_was_sent(scripted: Scripted) -> None:
    scripted.answer(http(b'{"error": "bad secret s:cret+/& of an-id with r &=+%"}', "400 Bad Request"))
    with pytest.raises(Rejected) as refused:
        send(scripted.environment)
    assert "s:cret" not in str(refused.value)
    assert "an-id" not in str(refused.value)
    assert "=+%" not in str(refused.value)


def test_an_empty_code_or_refresh_token_is_not_sent(scripted: Scripted) -> None:
    with pytest.raises(Rejected):
        send(scripted.environment, refresh_token="")
    with pytest.raises(Rejected):
        oauth.exchange_code(
            scripted.environment, client_id="i", client_secret="s", code="", redirect_uri="http://localhost/"
        )
    assert scripted.received == []


def test_nothing_is_repeated(emulator: Emulator) -> None:
    emulator.fault({"method": "POST", "path": "/v1/token", "status": 503})
    with pytest.raises(TryLater):
        oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    assert len(emulator.requests("/token")) == 1


def test_an_adapter_that_is_lent_stays_open(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[requests.adapters.BaseAdapter] = []
    monkeypatch.setattr(type(emulator.adapter), "close", lambda self: closed.append(self))
    oauth.client_credentials(emulator.environment, **emulator.credentials, adapter=emulator.adapter)
    assert closed == []
