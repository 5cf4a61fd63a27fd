"""Token responses as servers really send them."""

import dataclasses

import pytest
import requests

from integrations.connections.models import (
    Connection,
    ConnectionState,
    RequestState,
    Token,
    TokenRequest,
)
from integrations.connections.tokens import access
from integrations.total_expert import ReconnectRequired, TryLater
from integrations.total_expert.transport import responses
from tests.world import World

pytestmark = pytest.mark.django_db


def answer_tokens(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Change what the sandbox's token endpoint answers. None leaves a property out."""
    real = responses.read_response

    def read(response: requests.Response) -> responses.ApiResponse:
        answer = real(response)
        if isinstance(answer.data, dict) and "access_token" in answer.data:
            data = {name: value for name, value in {**answer.data, **changes}.items() if value is not None}
            return dataclasses.replace(answer, data=data)
        return answer

    monkeypatch.setattr(responses, "read_response", read)


@pytest.mark.parametrize(("lifetime", "used_for"), [(45, 40), ("45", 40), (120, 108), (10, 5), (3600, 3540)])
def test_a_short_lived_token_serves_all_calls_of_its_time(
    world: World, consented: Connection, monkeypatch: pytest.MonkeyPatch, lifetime: object, used_for: int
) -> None:
    answer_tokens(monkeypatch, expires_in=lifetime)
    Token.objects.update(access_expires_at=None)
    start = world.token_requests()
    first = access.get_access_token(consented)
    for _ in range(4):
        world.sandbox.pass_time((used_for - 1) / 4)
        assert access.get_access_token(consented) == first
    assert world.token_requests() == start + 1
    world.sandbox.pass_time(2)
    assert access.get_access_token(consented) != first


def test_a_token_without_a_lifetime_is_used_once(
    world: World, consented: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_tokens(monkeypatch, expires_in=0)
    Token.objects.update(access_expires_at=None)
    assert len({access.get_access_token(consented) for _ in range(3)}) == 3


MANY = " ".join(sorted(f"a_long_name_of_a_scope_{number:03}" for number in range(40)))


@pytest.mark.parametrize(
    ("scope", "stored"),
    [(None, "describeSchema getUsers leadInteraction"), ("", "describeSchema getUsers leadInteraction"),
     ("crm,getUsers", "crm getUsers"), (["crm", "getUsers"], "crm getUsers"), (MANY, MANY), ("crm \0 \ud800x", "crm")],
)  # fmt: skip
def test_granted_scopes_are_stored_whole(
    world: World, monkeypatch: pytest.MonkeyPatch, scope: object, stored: str
) -> None:
    answer_tokens(monkeypatch, scope=scope)
    assert world.connected().scopes == stored
    officer = world.consented(world.member("officer"))
    officer.refresh_from_db()
    assert officer.scopes == stored
    Token.objects.update(access_expires_at=None)
    access.get_access_token(officer)
    officer.refresh_from_db()
    assert officer.scopes == stored


def test_a_refusal_with_a_status_of_success_needs_a_reconnect(
    world: World, consented: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_tokens(monkeypatch, access_token=None, error="invalid_grant", error_description="Gone")
    Token.objects.update(access_expires_at=None)
    with pytest.raises(ReconnectRequired):
        access.get_access_token(consented)
    assert Connection.objects.get().state == ConnectionState.NEEDS_RECONNECT
    assert TokenRequest.objects.order_by("-at")[0].state == RequestState.REFUSED


def test_a_slow_answer_is_waited_for(world: World, consented: Connection) -> None:
    Token.objects.update(access_expires_at=None)
    waits: list[float] = []
    world.sandbox.adapter.sleep = waits.append
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "delay_ms": 40_000, "times": 1})
    assert access.get_access_token(consented)
    assert waits == [40.0]
    assert Connection.objects.get().state == ConnectionState.ACTIVE
    world.sandbox.faults({"method": "POST", "path": "/v1/token", "delay_ms": 150_000, "times": 1})
    Token.objects.update(access_expires_at=None)
    with pytest.raises(TryLater):
        access.get_access_token(consented)
    assert TokenRequest.objects.order_by("-at")[0].state == RequestState.LOST
