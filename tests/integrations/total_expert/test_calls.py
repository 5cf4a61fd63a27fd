"""How calls are permitted, observed and repeated."""

from typing import Any

import pytest

from integrations.total_expert import (
    AnswerLost,
    Call,
    NotSent,
    ReconnectRequired,
    Rejected,
    TotalExpertError,
    TryLater,
    oauth,
)
from integrations.total_expert import calls as calls_module
from tests.integrations.total_expert.conftest import Emulator, Scripted
from tests.integrations.total_expert.test_transport import http

PERSON = {"first_name": "Ada", "last_name": "Quill", "source": "test", "email": "ada@example.com"}


class Hooks:
    """Tokens that count, and everything a client can be given to call."""

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


def good_token(emulator: Emulator) -> str:
    return oauth.client_credentials(
        emulator.environment, **emulator.credentials, adapter=emulator.adapter
    ).access_token


def test_a_refused_token_is_replaced_and_the_call_repeated_once(emulator: Emulator) -> None:
    hooks = Hooks("0" * 40, good_token(emulator))
    with emulator.client(**hooks.options()) as client:
        created = client.contacts.create({**PERSON, "owner": {"id": emulator.officer["id"]}})
    assert created.duplicate is False
    assert hooks.failed == ["0" * 40]
    assert [row["status"] for row in emulator.requests("/contacts", "POST")] == [401, 201]
    assert hooks.permitted == [("POST", "/contacts")] * 2
    assert hooks.slept == []


def test_a_second_refusal_means_to_reconnect(emulator: Emulator) -> None:
    hooks = Hooks("0" * 40, "1" * 40, "2" * 40)
    with emulator.client(**hooks.options()) as client, pytest.raises(ReconnectRequired) as refused:
        client.teapot()
    assert (refused.value.status, refused.value.path) == (401, "/teapot")
    assert hooks.failed == ["0" * 40, "1" * 40]
    assert len(emulator.requests("/teapot")) == 2


def test_a_call_that_bore_no_token_is_not_repeated_when_refused(emulator: Emulator) -> None:
    emulator.fault({"path": "/v1/heartbeat", "status": 401})
    hooks = Hooks()
    with emulator.client(**hooks.options()) as client, pytest.raises(ReconnectRequired):
        client.heartbeat()
    assert hooks.failed == []
    assert len(emulator.requests("/heartbeat")) == 1


def test_the_same_token_again_is_not_sent_again(emulator: Emulator) -> None:
    hooks = Hooks("0" * 40)
    with emulator.client(**hooks.options()) as client, pytest.raises(TryLater) as waiting:
        client.teapot()
    assert waiting.value.code == "token_not_replaced"
    assert len(emulator.requests("/teapot")) == 1


def test_a_call_without_enough_scope_never_costs_a_token(emulator: Emulator) -> None:
    url = oauth.authorization_url(
        emulator.environment,
        client_id=emulator.application["client_id"],
        redirect_uri=emulator.redirect_uri,
        state="s",
        scopes=["crm"],
    )
    grant = oauth.exchange_code(
        emulator.environment,
        **emulator.application_credentials,
        code=emulator.consent(url)["code"],
        redirect_uri=emulator.redirect_uri,
        adapter=emulator.adapter,
    )
    hooks = Hooks(grant.access_token)
    with emulator.client(**hooks.options()) as client, pytest.raises(Rejected) as refused:
        client.contacts.list()
    assert (refused.value.code, refused.value.status) == ("insufficient_scope", 401)
    assert hooks.failed == []
    assert len(emulator.requests("/contacts")) == 1


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 503}, {"drop": "before"}, {"drop": "after"}, {"body": "html"}, {"body": "empty"},
     {"body": "truncated"}],
)  # fmt: skip
def test_reading_is_repeated_until_it_works(emulator: Emulator, fault: dict[str, Any]) -> None:
    emulator.fault({"method": "GET", "path": "/v1/contacts", "times": 2, **fault})
    hooks = Hooks(good_token(emulator))
    with emulator.client(**hooks.options()) as client:
        assert client.contacts.list(size=5).items
    assert hooks.permitted == [("GET", "/contacts")] * 3
    assert hooks.slept == [0.5, 1.0]


def test_reading_is_given_up_after_some_attempts(emulator: Emulator) -> None:
    emulator.fault({"method": "GET", "path": "/v1/contacts", "status": 503})
    hooks = Hooks(good_token(emulator))
    with emulator.client(**hooks.options(attempts=4)) as client, pytest.raises(TryLater) as failed:
        client.contacts.list()
    assert failed.value.status == 503
    assert len(emulator.requests("/contacts")) == 4
    assert hooks.slept == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503}, {"status": 429}, {"drop": "after"}, {"body": "html"}]
)
def test_writing_is_not_repeated(emulator: Emulator, fault: dict[str, Any]) -> None:
    with emulator.client(**Hooks(good_token(emulator)).options()) as client:
        some = client.contacts.list(size=1).items[0].id
        emulator.fault({"path": "/v1/contacts", **fault})
        for write in (
            lambda: client.contacts.create(PERSON),
            lambda: client.contacts.update(some, {"city": "Oslo"}),
            lambda: client.contacts.delete(some),
        ):
            with pytest.raises(TryLater):
                write()
    for method in ("POST", "PATCH", "DELETE"):
        rows = emulator.requests("/contacts", method) + emulator.requests(f"/contacts/{some}", method)
        assert len(rows) == 1, method


def test_a_write_whose_answer_is_cut_off_has_taken_effect(emulator: Emulator) -> None:
    with emulator.client() as client:
        some = client.contacts.create(PERSON, owner={"id": emulator.officer["id"]}).id
        emulator.fault({"method": "DELETE", "path": "/v1/contacts", "drop": "after", "times": 1})
        with pytest.raises(AnswerLost):
            client.contacts.delete(some)
        with pytest.raises(Rejected) as gone:
            client.contacts.get(some)
    assert gone.value.code == "not_found"


def test_what_was_never_sent_is_repeated_for_writes_too(
    scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.answer(http(b"[]"))
    real, failures = calls_module.Caller._send, [OSError(), OSError()]

    def refuse_first(self: Any, *args: Any) -> Any:
        if failures:
            failures.pop()
            raise ConnectionRefusedError(111, "refused")
        return real(self, *args)

    monkeypatch.setattr(calls_module.Caller, "_send", refuse_first)
    with scripted.client() as client:
        client.contacts.update(5, {"city": "Oslo"})
    assert len(scripted.received) == 1


def test_where_nobody_listens_every_attempt_says_that_nothing_was_sent(scripted: Scripted) -> None:
    scripted.close()
    hooks = Hooks()
    with scripted.client(**hooks.options()) as client, pytest.raises(NotSent):
        client.contacts.create(PERSON)
    assert len(hooks.permitted) == 3


def test_too_many_requests_are_not_followed_by_more(emulator: Emulator) -> None:
    emulator.fault({"path": "/v1/contacts", "status": 429})
    with emulator.client() as client, pytest.raises(TryLater) as limited:
        client.contacts.list()
    assert (limited.value.code, limited.value.after) == ("rate_limited", None)
    assert len(emulator.requests("/contacts")) == 1


def test_a_short_wait_that_the_server_asks_for_is_kept_and_a_long_one_is_handed_on(
    scripted: Scripted,
) -> None:
    hooks = Hooks()
    unavailable = "503 Service Unavailable"
    scripted.answer(http(b"{}", unavailable, "Retry-After: 4"), http(b"[]"))
    with scripted.client(**hooks.options()) as client:
        assert client.request("GET", "x") == []
        assert hooks.slept == [4.5]
        scripted.answer(http(b"{}", unavailable, "Retry-After: 600"))
        with pytest.raises(TryLater) as asked:
            client.request("GET", "x")
    assert asked.value.after == 600
    assert hooks.slept == [4.5]
    assert [call.after for call in hooks.observed] == [4.0, None, 600.0]


def test_pauses_are_random_below_a_growing_bound(scripted: Scripted) -> None:
    hooks = Hooks()
    scripted.answer(*[http(b"{}", "500 Oops")] * 8)
    with scripted.client(**hooks.options(attempts=8, random=lambda: 0.5)) as client, pytest.raises(TryLater):
        client.request("GET", "x")
    assert hooks.slept == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_without_a_permit_nothing_is_sent(emulator: Emulator) -> None:
    def refuse(method: str, path: str) -> None:
        raise TryLater("The calls of this minute are used up.", after=9)

    with emulator.client(permit=refuse) as client:
        with pytest.raises(TryLater) as refused:
            client.contacts.list()
        with pytest.raises(TryLater):
            client.heartbeat()
    assert refused.value.after == 9
    assert [row for name in ("/token", "/contacts", "/heartbeat") for row in emulator.requests(name)] == []


def test_every_call_is_observed_without_anything_private(emulator: Emulator) -> None:
    seen: list[Call] = []
    with emulator.client(observe=seen.append) as client:
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


def test_a_token_request_that_fails_in_an_unknown_way_is_not_observed_as_a_success(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("an adapter's own")

    seen: list[Call] = []
    monkeypatch.setattr(emulator.adapter, "send", fail)
    with emulator.client(observe=seen.append) as client, pytest.raises(RuntimeError):
        client.teapot()
    assert [(call.path, call.status) for call in seen] == [("/token", None)]


def test_a_call_without_an_answer_is_observed_too(scripted: Scripted) -> None:
    seen: list[Call] = []
    with scripted.client(observe=seen.append, attempts=2) as client, pytest.raises(AnswerLost):
        client.request("GET", "x")
    assert [call.status for call in seen] == [None, None]
