"""Webhook deliveries: accepted with a known secret, rejected otherwise."""

import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.total_expert import Delivery, Rejected, webhooks
from tests.integrations.total_expert.sandbox_server import SandboxServer

SECRET, EARLIER = "5f" * 16, "a0" * 16
BODY = {"item": "CONTACT", "action": "UPDATED", "id": 2317, "hashValue": "9bd1", "secret": SECRET}


def body(**changes: Any) -> bytes:
    return json.dumps({**BODY, **changes}).encode()


def refusal(data: bytes | str, *secrets: str) -> Rejected:
    with pytest.raises(Rejected) as refused:
        webhooks.read(data, *(secrets or (SECRET,)))
    return refused.value


def test_a_delivery_reports_item_action_and_id() -> None:
    assert webhooks.read(body(), SECRET) == Delivery(
        "CONTACT", "UPDATED", "2317", "9bd1", has_current_secret=True
    )
    assert webhooks.read(body(id="0a1b2c3d4e5f6071").decode(), SECRET).id == "0a1b2c3d4e5f6071"


def test_a_delivery_with_an_earlier_secret_is_accepted_and_marked() -> None:
    assert webhooks.read(body(secret=EARLIER), SECRET, EARLIER).has_current_secret is False
    assert webhooks.read(body(), SECRET, EARLIER).has_current_secret is True


@pytest.mark.parametrize(
    "secret", ["", SECRET[:-1], SECRET + "0", SECRET.upper(), None, 5, [SECRET], {"a": 1}]
)
def test_a_wrong_secret_is_rejected(secret: Any) -> None:
    refused = refusal(body(secret=secret))
    assert refused.code == webhooks.WRONG_SECRET
    assert SECRET not in str(refused)


def test_a_missing_secret_is_rejected() -> None:
    assert (
        refusal(json.dumps({"item": "CONTACT", "action": "UPDATED", "id": 1}).encode()).code
        == webhooks.WRONG_SECRET
    )


def test_every_secret_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    real = hmac.compare_digest

    def spy(one: bytes, other: bytes) -> bool:
        compared.append(other)
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    webhooks.read(body(), SECRET, EARLIER)
    assert compared == [SECRET.encode(), EARLIER.encode()]


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"[]", b"null", b'"text"', b"\xff\xfe\x00", b"{", b"[" * 10_000, b'{"a": "' + b"x" * 20_000 + b'"}',
     "{", body(item=None), body(action=""), body(item=7), body(id=None), body(id=-1), body(id="../users/5")],
)  # fmt: skip
def test_an_invalid_body_is_rejected(data: bytes | str) -> None:
    assert refusal(data).code == webhooks.INVALID_DELIVERY


@pytest.mark.parametrize("secrets", [(), ("",), (SECRET, "")])
def test_a_secret_must_be_passed(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="secret"):
        webhooks.read(body(), *secrets)


def test_a_delivery_does_not_keep_the_secret() -> None:
    delivery = webhooks.read(body(), SECRET)
    assert SECRET not in repr(delivery)
    assert SECRET not in str(vars(delivery))


def test_deliveries_of_the_sandbox_are_read_across_a_secret_rotation(
    make_sandbox: type[SandboxServer],
) -> None:
    bodies: list[bytes] = []

    def receive(url: str, body: bytes) -> int:
        bodies.append(body)
        return 200

    sandbox = make_sandbox(http_webhooks=True, send=receive)
    actions = [{"item": "CONTACT", "action": action} for action in ("CREATED", "UPDATED")]
    with sandbox.client() as client:
        subscription = client.webhook_subscriptions.create(
            {"url": "http://127.0.0.1:9/hooks", "secret": EARLIER, "actions": actions}
        )
        person = {"first_name": "Ada", "last_name": "Quill", "source": "test", "email": "ada@example.com"}
        contact = client.contacts.create(person, owner={"id": sandbox.officer["id"]})
        client.webhook_subscriptions.update(subscription.id, {"secret": SECRET})
        client.contacts.update(contact.id, {"city": "Oslo"})
        assert sandbox.http.post("/_sandbox/deliveries", json={}).status_code == 200
        read = [webhooks.read(each, SECRET, EARLIER) for each in bodies]
        assert [(each.action, each.has_current_secret) for each in read] == [
            ("CREATED", False),
            ("UPDATED", True),
        ]
        assert {client.contacts.get(int(each.id)).city for each in read} == {"Oslo"}
    assert len({each.hash_value for each in read}) == 2


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(SECRET)
    | st.lists(st.text())
)


@given(
    st.binary() | st.text() | st.fixed_dictionaries({}, optional=dict.fromkeys(BODY, VALUES)).map(json.dumps)
)
def test_any_body_is_a_delivery_or_rejected(data: bytes | str) -> None:
    try:
        assert isinstance(webhooks.read(data, SECRET), Delivery)
    except Rejected as refused:
        assert refused.code in (webhooks.INVALID_DELIVERY, webhooks.WRONG_SECRET)
