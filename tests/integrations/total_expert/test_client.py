"""The client."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

import integrations.total_expert as total_expert
from integrations.total_expert import Client, ReconnectRequired, Rejected, TryLater, oauth
from tests.integrations.total_expert.fixed_response_adapter import FixedResponseAdapter
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response


def test_teapot_checks_the_credentials(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        assert client.teapot() is True
    assert [row["status"] for row in sandbox.requests("/teapot")] == [418]


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_teapot_accepts_no_status_but_418(scripted: ScriptedServer, status: str) -> None:
    scripted.answer(http_response(b"{}", status))
    with scripted.client(max_attempts=1) as client, pytest.raises(TryLater) as failed:
        client.teapot()
    assert failed.value.code == "unreadable"


def test_heartbeat_needs_no_token(sandbox: SandboxServer) -> None:
    with sandbox.client(client_secret="wrong") as client:
        assert client.heartbeat()
    assert sandbox.requests("/token") == []


def test_any_endpoint_can_be_called(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        listed = client.request("get", "/contacts", params={"page[number]": 1, "page[size]": 2, "sort": None})
        assert len(listed["items"]) == 2
        some = listed["items"][0]["id"]
        assert client.request("PATCH", f"contacts/{some}", json={"city": "Oslo"}) == []
        assert client.request("GET", f"contacts/{some}")["city"] == "Oslo"


def test_parameters_are_sent_in_the_format_of_the_vendor(sandbox: SandboxServer) -> None:
    at = dt.datetime(2020, 1, 1, 1, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    params = {
        "flag": True,
        "at": at,
        "on": dt.date(2020, 1, 2),
        "rate": Decimal("4.1250"),
        "text": "a b",
        "none": None,
    }
    with sandbox.client() as client:
        client.request("GET", "contacts", params=params)
    assert dict(parse_qsl(sandbox.requests("/contacts")[0]["query"])) == {
        "flag": "1",
        "at": "2019-12-31T23:00:00Z",
        "on": "2020-01-02",
        "rate": "4.1250",
        "text": "a b",
    }


def test_a_request_without_retry_is_sent_once(sandbox: SandboxServer) -> None:
    sandbox.fault({"method": "GET", "path": "/v1/contacts", "status": 503, "times": 1})
    with sandbox.client(sleep=lambda seconds: None) as client:
        with pytest.raises(TryLater):
            client.request("GET", "contacts", retry=False)
        assert client.request("GET", "contacts", retry=False)["items"]
        client.set_access_token("0" * 40)
        with pytest.raises(TryLater) as refused:
            client.request("GET", "contacts", retry=False)
        assert (refused.value.code, refused.value.status) == ("token_refused", 401)
        assert client.request("GET", "contacts", retry=False)["items"]
    assert [row["status"] for row in sandbox.requests("/contacts")] == [503, 200, 401, 200]


def test_a_request_without_retry_requires_a_reconnect_if_the_token_is_final(
    sandbox: SandboxServer,
) -> None:
    with sandbox.client(access_token="0" * 40) as client, pytest.raises(ReconnectRequired):
        client.request("GET", "contacts", retry=False)


def test_the_token_can_be_read_set_and_forgotten(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        first = client.tokens.get()
        assert client.tokens.get() == first
        client.set_access_token(None)
        assert client.tokens.get() != first
        client.set_access_token(first)
        assert client.tokens.get() == first
        assert client.teapot()
    assert len(sandbox.requests("/token")) == 2


def test_a_token_can_not_be_set_on_a_client_with_hooks(scripted: ScriptedServer) -> None:
    with scripted.client() as client, pytest.raises(ValueError, match="hook"):
        client.set_access_token("another")


@pytest.mark.parametrize("path", ["https://evil.example/x", "//evil.example/x", "../x", "contacts?x=1", ""])
def test_a_path_outside_the_base_url_is_rejected_without_a_token_request(
    sandbox: SandboxServer, path: str
) -> None:
    with sandbox.client() as client, pytest.raises(Rejected) as refused:
        client.request("GET", path)
    assert refused.value.code == "invalid_path"
    assert sandbox.requests("/token") == []


@pytest.mark.parametrize("method", ["", "TRACE", "GET\r\nX: y", "CONNECT"])
def test_an_unknown_method_is_rejected(sandbox: SandboxServer, method: str) -> None:
    with sandbox.client() as client, pytest.raises(Rejected):
        client.request(method, "contacts")


def test_data_that_is_not_json_is_rejected_without_a_token_request(sandbox: SandboxServer) -> None:
    with sandbox.client() as client, pytest.raises(Rejected):
        client.contacts.create({"first_name": object()})
    assert sandbox.requests("/token") == []


@pytest.mark.parametrize(
    "options",
    [{}, {"client_id": "x"}, {"client_secret": "x"}, {"token": lambda: "x", "access_token": "y"},
     {"token": lambda: "x", "client_id": "x", "client_secret": "y"}, {"token": lambda: "x", "client_id": "x"},
     {"access_token": "x", "client_id": "x"}, {"access_token": "x", "client_secret": "x"}],
)  # fmt: skip
def test_a_client_needs_exactly_one_source_of_tokens(sandbox: SandboxServer, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="token"):
        Client(sandbox.environment, **options)


def test_an_access_token_is_used_first_and_then_replaced(sandbox: SandboxServer) -> None:
    with sandbox.client(access_token="0" * 40, **sandbox.credentials) as client:
        assert client.teapot()
        assert client.teapot()
    assert [row["status"] for row in sandbox.requests("/teapot")] == [401, 401, 418, 418]
    assert len(sandbox.requests("/token")) == 1


def test_an_access_token_without_credentials_is_not_replaced(sandbox: SandboxServer) -> None:
    with sandbox.client(access_token="0" * 40) as client, pytest.raises(ReconnectRequired):
        client.teapot()


def test_credentials_of_another_environment_are_reported_as_such(
    sandbox: SandboxServer, make_sandbox: type[SandboxServer]
) -> None:
    other = make_sandbox(seed=2)
    with sandbox.client(client_id="another-worlds", client_secret="secret") as client:
        with pytest.raises(ReconnectRequired) as refused:
            client.teapot()
        assert client.heartbeat()
    assert "belong to this environment" in str(refused.value)
    with other.client() as client:
        assert client.teapot()


def test_two_clients_see_two_organizations(sandbox: SandboxServer) -> None:
    other = {name: sandbox.other_organization[name] for name in ("client_id", "client_secret")}
    with sandbox.client() as mine, sandbox.client(**other) as theirs:
        assert not {each.id for each in mine.contacts.all()} & {each.id for each in theirs.contacts.all()}


def test_closing_a_client_closes_its_connections_but_not_a_passed_adapter(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[object] = []
    for kind in (type(sandbox.adapter), requests.adapters.HTTPAdapter):
        monkeypatch.setattr(kind, "close", lambda self: closed.append(self))
    with sandbox.client():
        pass
    assert closed == []
    with Client(sandbox.environment, token=lambda: "x"):
        pass
    assert len(closed) == 1


def test_the_http_adapter_does_not_retry() -> None:
    with Client(total_expert.PRODUCTION, token=lambda: "x") as client:
        adapter = client._sender._session.get_adapter(total_expert.PRODUCTION.base_url)
        assert isinstance(adapter, requests.adapters.HTTPAdapter)
        assert adapter.max_retries.total == 0


def test_an_outage_raises_one_error_without_a_cause(scripted: ScriptedServer) -> None:
    scripted.answer(*[http_response(b"<html>", "502 Bad Gateway")] * 3)
    with scripted.client() as client, pytest.raises(TryLater) as failed:
        client.contacts.list()
    assert failed.value.__cause__ is None


NAMES = st.sampled_from(
    ["items", "objects", "links", "next", "last", "id", "error", "error_description", "created", "duplicate",
     "access_token", "refresh_token", "expires_in", "scope", "owner", "preferences", "internal_updated_at"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.sampled_from(["insufficient_scope", "invalid_grant", "0000-00-00 00:00:00", "\ud800"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)  # fmt: skip
BODIES = st.binary(max_size=50) | JSON.map(lambda data: json.dumps(data).encode())
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "X-Request-Id", "Location", "Content-Type"]), st.text(max_size=10)
)
STATUSES = st.sampled_from(
    [200, 201, 204, 301, 302, 400, 401, 403, 404, 418, 422, 429, 500, 503]
) | st.integers(100, 999)


@given(status=STATUSES, headers=HEADERS, body=BODIES)
def test_any_response_is_a_typed_result_or_one_of_the_three_errors(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    with Client(
        total_expert.PRODUCTION,
        token=lambda: "a-token",
        adapter=FixedResponseAdapter(status, headers, body),
        sleep=lambda seconds: None,
    ) as client:
        calls: list[tuple[Any, Any]] = [
            (lambda: client.contacts.get(5), total_expert.Contact),
            (client.contacts.list, total_expert.Page),
            (lambda: next(client.users.all(prefetch=1), None), total_expert.User | None),
            (lambda: client.contact_groups.create({"group_name": "x"}), total_expert.Created),
            (lambda: client.contacts.update(5, {}), type(None)),
            (client.teapot, bool),
            (client.heartbeat, str),
            (
                lambda: oauth.refresh(
                    client.environment,
                    client_id="i",
                    client_secret="s",
                    refresh_token="r",
                    adapter=FixedResponseAdapter(status, headers, body),
                ),
                total_expert.TokenResponse,
            ),
        ]
        for call, kind in calls:
            try:
                assert isinstance(call(), kind)
            except (TryLater, ReconnectRequired, Rejected) as error:
                assert str(error)
                str(error).encode()
