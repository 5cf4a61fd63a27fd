"""Authorization and token requests, against the sandbox."""

import os
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from integrations.total_expert import (
    AnswerLost,
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


def test_every_grant_type_works_with_a_form_body(sandbox: SandboxServer) -> None:
    sandbox.environment = replace(sandbox.environment, token_body="form")
    tokens = tokens_by_consent(sandbox)
    assert tokens.refresh_token
    assert refresh(sandbox, tokens.refresh_token).refresh_token
    assert oauth.client_credentials(
        sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter
    ).access_token


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
