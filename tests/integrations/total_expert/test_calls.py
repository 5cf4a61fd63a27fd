"""Calls are permitted, observed and retried."""

from typing import Any

import pytest

from integrations.total_expert import (
    AnswerLost,
    Call,
    Client,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
    oauth,
)
from integrations.total_expert import calls as calls_module
from tests.integrations.total_expert.sandbox_server import SandboxServer
from tests.integrations.total_expert.scripted_server import ScriptedServer, http_response

PERSON = {"first_name": "Ada", "last_name": "Quill", "source": "test", "email": "ada@example.com"}


class Hooks:
    """Every hook of a client, recording its calls."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens) or ["a-token"]
        self.failed: list[str] = []
        self.permitted: list[tuple[str, str]] = []
        self.observed: list[Call] = []
        self.slept: list[float] = []

    def options(self, **more: Any) -> dict[str, Any]:
        return {
            "token": lambda: self.tokens[0],
            "token_failed": self.fail,
            "permit": lambda method, path: self.permitted.append((method, path)),
            "observe": self.observed.append,
            "sleep": self.slept.append,
            "random": lambda: 1.0,
            **more,
        }

    def fail(self, token: str) -> None:
        self.failed.append(token)
        if len(self.tokens) > 1:
            self.tokens.pop(0)


def good_token(sandbox: SandboxServer) -> str:
    return oauth.client_credentials(
        sandbox.environment, **sandbox.credentials, adapter=sandbox.adapter
    ).access_token


def test_a_refused_token_is_replaced_and_the_call_retried_once(sandbox: SandboxServer) -> None:
    hooks = Hooks("0" * 40, good_token(sandbox))
    with sandbox.client(**hooks.options()) as client:
        created = client.contacts.create({**PERSON, "owner": {"id": sandbox.officer["id"]}})
    assert created.duplicate is False
    assert hooks.failed == ["0" * 40]
    assert [row["status"] for row in sandbox.requests("/contacts", "POST")] == [401, 201]
    assert hooks.permitted == [("POST", "/contacts"), ("GET", "/teapot"), ("POST", "/contacts")]
    assert hooks.slept == []


def test_a_second_refused_token_requires_a_reconnect(sandbox: SandboxServer) -> None:
    hooks = Hooks("0" * 40, "1" * 40, "2" * 40)
    with sandbox.client(**hooks.options()) as client, pytest.raises(ReconnectRequired) as refused:
        client.teapot()
    assert (refused.value.status, refused.value.path) == (401, "/teapot")
    assert hooks.failed == ["0" * 40, "1" * 40]
    assert len(sandbox.requests("/teapot")) == 4, "each token is proven bad by a second call"


def test_a_call_without_a_token_is_not_retried_after_a_401(sandbox: SandboxServer) -> None:
    sandbox.fault({"path": "/v1/heartbeat", "status": 401})
    hooks = Hooks()
    with sandbox.client(**hooks.options()) as client, pytest.raises(ReconnectRequired):
        client.heartbeat()
    assert hooks.failed == []
    assert len(sandbox.requests("/heartbeat")) == 1


def test_a_refused_token_is_not_sent_again(sandbox: SandboxServer) -> None:
    hooks = Hooks("0" * 40)
    with sandbox.client(**hooks.options()) as client, pytest.raises(TryLater) as refused:
        client.teapot()
    assert refused.value.code == "token_not_replaced"
    assert len(sandbox.requests("/teapot")) == 2


def test_a_good_token_that_is_refused_by_mistake_is_kept(sandbox: SandboxServer) -> None:
    hooks = Hooks(good_token(sandbox))
    with sandbox.client(**hooks.options()) as client:
        for method in ("GET", "POST", "PATCH", "DELETE"):
            sandbox.fault({"method": method, "path": "/v1/contacts", "status": 401, "times": 2})
            if method == "GET":
                client.contacts.list(size=1)
            elif method == "POST":
                some = client.contacts.create(PERSON, owner={"id": sandbox.officer["id"]}).id
            elif method == "PATCH":
                client.contacts.update(some, {"city": "Oslo"})
            else:
                client.contacts.delete(some)
    assert hooks.failed == []
    checks = [row["status"] for row in sandbox.requests("/teapot")]
    assert set(checks) == {418} and len(checks) <= 8


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"drop": "before"}, {"body": "html"}])
def test_a_token_that_can_not_be_checked_is_kept(sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    hooks = Hooks(good_token(sandbox))
    sandbox.fault({"path": "/v1/contacts", "status": 401}, {"path": "/v1/teapot", **fault})
    with sandbox.client(**hooks.options(max_attempts=1)) as client, pytest.raises(TryLater) as refused:
        client.contacts.list()
    assert (refused.value.code, refused.value.status) == ("token_unproven", 401)
    assert hooks.failed == []


def test_a_good_token_that_is_always_refused_raises_try_later(sandbox: SandboxServer) -> None:
    hooks = Hooks(good_token(sandbox))
    sandbox.fault({"path": "/v1/contacts", "status": 401})
    with sandbox.client(**hooks.options()) as client, pytest.raises(TryLater) as refused:
        client.contacts.list()
    assert refused.value.code == "good_token_refused"
    assert hooks.failed == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_server_that_does_not_know_the_check_makes_a_refusal_final(
    sandbox: SandboxServer, status: int
) -> None:
    hooks = Hooks("0" * 40, good_token(sandbox))
    sandbox.fault({"path": "/v1/teapot", "status": status})
    with sandbox.client(**hooks.options()) as client:
        client.contacts.list()
    assert hooks.failed == ["0" * 40]


def test_a_missing_scope_never_costs_a_token_request(sandbox: SandboxServer) -> None:
    url = oauth.authorization_url(
        sandbox.environment,
        client_id=sandbox.application["client_id"],
        redirect_uri=sandbox.redirect_uri,
        state="s",
        scopes=["crm"],
    )
    grant = oauth.exchange_code(
        sandbox.environment,
        **sandbox.application_credentials,
        code=sandbox.consent(url)["code"],
        redirect_uri=sandbox.redirect_uri,
        adapter=sandbox.adapter,
    )
    hooks = Hooks(grant.access_token)
    with sandbox.client(**hooks.options()) as client, pytest.raises(Rejected) as refused:
        client.contacts.list()
    assert (refused.value.code, refused.value.status) == ("insufficient_scope", 401)
    assert hooks.failed == []
    assert len(sandbox.requests("/contacts")) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 503}, {"drop": "before"}, {"drop": "after"}, {"body": "html"}, {"body": "empty"},
     {"body": "truncated"}],
)  # fmt: skip
def test_a_read_is_retried_until_it_succeeds(sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    sandbox.fault({"method": "GET", "path": "/v1/contacts", "times": 2, **fault})
    hooks = Hooks(good_token(sandbox))
    with sandbox.client(**hooks.options()) as client:
        assert client.contacts.list(size=5).items
    assert hooks.permitted == [("GET", "/contacts")] * 3
    assert hooks.slept == [0.5, 1.0]


def test_a_read_is_retried_up_to_max_attempts(sandbox: SandboxServer) -> None:
    sandbox.fault({"method": "GET", "path": "/v1/contacts", "status": 503})
    hooks = Hooks(good_token(sandbox))
    with sandbox.client(**hooks.options(max_attempts=4)) as client, pytest.raises(TryLater) as failed:
        client.contacts.list()
    assert failed.value.status == 503
    assert len(sandbox.requests("/contacts")) == 4
    assert hooks.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"status": 429}, {"drop": "after"}, {"body": "html"}]
)
def test_a_write_is_not_retried(sandbox: SandboxServer, fault: dict[str, Any]) -> None:
    with sandbox.client(**Hooks(good_token(sandbox)).options()) as client:
        some = client.contacts.list(size=1).items[0].id
        sandbox.fault({"path": "/v1/contacts", **fault})
        for write in (
            lambda: client.contacts.create(PERSON),
            lambda: client.contacts.update(some, {"city": "Oslo"}),
            lambda: client.contacts.delete(some),
        ):
            with pytest.raises(TryLater):
                write()
    for method in ("POST", "PATCH", "DELETE"):
        rows = sandbox.requests("/contacts", method) + sandbox.requests(f"/contacts/{some}", method)
        assert len(rows) == 1, method


def test_a_write_with_a_lost_response_may_have_taken_effect(sandbox: SandboxServer) -> None:
    with sandbox.client() as client:
        some = client.contacts.create(PERSON, owner={"id": sandbox.officer["id"]}).id
        sandbox.fault({"method": "DELETE", "path": "/v1/contacts", "drop": "after", "times": 1})
        with pytest.raises(AnswerLost):
            client.contacts.delete(some)
        with pytest.raises(Rejected) as gone:
            client.contacts.get(some)
    assert gone.value.code == "not_found"


def test_a_write_that_was_never_sent_is_retried(
    scripted: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.answer(http_response(b"[]"))
    real, failures = calls_module.RequestSender._send, [OSError(), OSError()]

    def refuse_first(self: Any, *args: Any) -> Any:
        if failures:
            failures.pop()
            raise ConnectionRefusedError(111, "refused")
        return real(self, *args)

    monkeypatch.setattr(calls_module.RequestSender, "_send", refuse_first)
    with scripted.client() as client:
        client.contacts.update(5, {"city": "Oslo"})
    assert len(scripted.received) == 1


def test_a_refused_connection_means_that_nothing_was_sent(scripted: ScriptedServer) -> None:
    scripted.close()
    hooks = Hooks()
    with scripted.client(**hooks.options()) as client, pytest.raises(NotSent):
        client.contacts.create(PERSON)
    assert len(hooks.permitted) == 3


def test_a_429_is_not_retried(sandbox: SandboxServer) -> None:
    sandbox.fault({"path": "/v1/contacts", "status": 429})
    with sandbox.client() as client, pytest.raises(TryLater) as limited:
        client.contacts.list()
    assert (limited.value.code, limited.value.after) == ("rate_limited", None)
    assert len(sandbox.requests("/contacts")) == 1


def test_a_short_retry_after_is_waited_for_and_a_long_one_is_raised(
    scripted: ScriptedServer,
) -> None:
    hooks = Hooks()
    unavailable = "503 Service Unavailable"
    scripted.answer(http_response(b"{}", unavailable, "Retry-After: 4"), http_response(b"[]"))
    with scripted.client(**hooks.options()) as client:
        assert client.request("GET", "x") == []
        assert hooks.slept == [4.5]
        scripted.answer(http_response(b"{}", unavailable, "Retry-After: 600"))
        with pytest.raises(TryLater) as refused:
            client.request("GET", "x")
    assert refused.value.after == 600
    assert hooks.slept == [4.5]
    assert [call.retry_after for call in hooks.observed] == [4.0, None, 600.0]


def test_pauses_are_random_below_a_growing_limit(scripted: ScriptedServer) -> None:
    hooks = Hooks()
    scripted.answer(*[http_response(b"{}", "500 Oops")] * 8)
    with (
        scripted.client(**hooks.options(max_attempts=8, random=lambda: 0.5)) as client,
        pytest.raises(TryLater),
    ):
        client.request("GET", "x")
    assert hooks.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_without_a_permit_nothing_is_sent(sandbox: SandboxServer) -> None:
    def refuse(method: str, path: str) -> None:
        raise TryLater("The calls of this minute are used up.", after=9)

    with sandbox.client(permit=refuse) as client:
        with pytest.raises(TryLater) as refused:
            client.contacts.list()
        with pytest.raises(TryLater):
            client.heartbeat()
    assert refused.value.after == 9
    assert [row for name in ("/token", "/contacts", "/heartbeat") for row in sandbox.requests(name)] == []


def test_every_call_is_observed_without_private_data(sandbox: SandboxServer) -> None:
    seen: list[Call] = []
    with sandbox.client(observe=seen.append) as client:
        client.contacts.list(filter={"email": "canary@example.com"})
        with pytest.raises(TotalExpertError):
            client.contacts.get(1)
    assert [(call.method, call.path, call.status) for call in seen] == [
        ("POST", "/token", 200),
        ("GET", "/contacts", 200),
        ("GET", "/contacts/1", 404),
    ]
    assert all(call.seconds >= 0 for call in seen)
    assert "canary" not in repr(seen)


def test_a_token_request_with_an_unknown_error_is_not_observed_as_a_success(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("an adapter's own")

    seen: list[Call] = []
    monkeypatch.setattr(sandbox.adapter, "send", fail)
    with sandbox.client(observe=seen.append) as client, pytest.raises(RuntimeError):
        client.teapot()
    assert [(call.path, call.status) for call in seen] == [("/token", None)]


def test_a_token_request_is_observed_with_its_retry_after(scripted: ScriptedServer) -> None:
    seen: list[Call] = []
    scripted.answer(http_response(b"{}", "429 Too Many Requests", "Retry-After: 600"))
    client = Client(scripted.environment, client_id="an-id", client_secret="a-secret", observe=seen.append)
    with client, pytest.raises(TryLater):
        client.teapot()
    assert [(call.path, call.status, call.retry_after) for call in seen] == [("/token", 429, 600.0)]


def test_a_call_without_a_response_is_observed(scripted: ScriptedServer) -> None:
    seen: list[Call] = []
    with scripted.client(observe=seen.append, max_attempts=2) as client, pytest.raises(AnswerLost):
        client.request("GET", "x")
    assert [call.status for call in seen] == [None, None]
