"""Whatever a server answers, every method of every resource ends typed, or with one of the three errors."""

import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.total_expert import (
    PRODUCTION,
    Client,
    Consent,
    Created,
    CreatedLead,
    Page,
    ReconnectRequired,
    Record,
    Rejected,
    TryLater,
)
from tests.integrations.total_expert.canned import Canned
from tests.integrations.total_expert.offers import methods_of, resources_of
from tests.integrations.total_expert.test_records import LEAVES

CONSENT = Consent("+16125550199", "marketing", "web", "Yes.")
#: What methods are called with, and what they give when nothing fails.
ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "list": ((), {}),
    "pages": ((), {"ahead": 0}),
    "all": ((), {"ahead": 0}),
    "get": ((5,), {}),
    "email_archive.get": ((5,), {"user_id": 7}),
    "create": (({"name": "x"},), {}),
    "update": ((5, {"name": "x"}), {}),
    "delete": ((5,), {}),
    "set_custom_values": ((5, {"size": 3}), {}),
    "grant_consent": ((5, CONSENT), {}),
    "revoke_consent": ((5, CONSENT), {}),
    "render": (({"sender_id": 5},), {}),
    "upload": ((5, b"GIF89a"), {"content_type": "image/gif"}),
    "opt_in": (("612-555-0144",), {"user": {"id": 5}}),
    "opt_out": (("612-555-0144",), {}),
}
PRESENT = Client(PRODUCTION, token=lambda: "a-token")
OFFERED = sorted(
    (name, method) for name, resource in resources_of(PRESENT).items() for method in methods_of(resource)
)


def call(client: Client, name: str, method: str) -> Any:
    """Call a method and follow what it gives to its end."""
    arguments, options = ARGUMENTS.get(f"{name}.{method}") or ARGUMENTS[method]
    given = getattr(resources_of(client)[name], method)(*arguments, **options)
    if isinstance(given, Generator):
        return tuple(item for item, _ in zip(given, range(5), strict=False))
    return given


def is_typed(given: Any) -> bool:
    """Whether this is what methods promise."""
    if isinstance(given, tuple):
        return all(isinstance(each, Record | Page) for each in given)
    return given is None or isinstance(given, Record | Page | Created | CreatedLead)


def outcome(status: int, body: bytes, calls: Callable[[Client], Any]) -> Any:
    """What comes of an answer: something typed, or one of the three errors."""
    adapter = Canned(status, {"X-Request-Id": "r1"}, body)
    with Client(PRODUCTION, token=lambda: "a-token", adapter=adapter, sleep=lambda seconds: None) as client:
        try:
            given = calls(client)
        except (TryLater, ReconnectRequired, Rejected) as error:
            assert str(error).encode()
            return error
    assert is_typed(given), given
    return given


RUBBISH = [b"", b"[]", b"{}", b"null", b"5", b'"x"', b"[[]]", b"[{}]", b'{"items": {}, "links": []}', b"<html>",
           b'{"items": [{}, [], 5], "links": {"next": null}}', b'{"id": null}', b'{"id": [], "items": [null]}',
           b'{"errors": [5, {"x": []}]}', b'{"results": [5]}', b'{"error": {"a": 1}}', b"\xff", b"[" * 5000]  # fmt: skip


@pytest.mark.parametrize(("name", "method"), OFFERED)
def test_rubbish_is_typed_or_an_error(name: str, method: str) -> None:
    for body in RUBBISH:
        for status in (200, 422):
            outcome(status, body, lambda client: call(client, name, method))


PROPERTIES = ["id", "lead_id", "contact_id", "items", "objects", "links", "next", "last", "created", "duplicate",
              "errors", "error", "error_description", "message", "results", "permissions", "questions", "owner",
              "file_name", "system_name", "item", "action", "product", "data", "related_entities"]  # fmt: skip
JSON = st.recursive(
    LEAVES | st.sampled_from(["insufficient_scope", "invalid_grant", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(PROPERTIES), inner, max_size=5)
    ),
    max_leaves=12,
)
ENVELOPES = st.fixed_dictionaries({"items": st.lists(JSON, max_size=3), "links": JSON})
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 302, 400, 401, 403, 404, 418, 422, 429, 500, 503])


@settings(max_examples=400)
@given(offer=st.sampled_from(OFFERED), status=STATUSES, data=JSON | ENVELOPES)
def test_any_json_is_typed_or_an_error(offer: tuple[str, str], status: int, data: Any) -> None:
    outcome(status, json.dumps(data).encode(), lambda client: call(client, *offer))


def test_all_that_a_client_offers_is_called_here() -> None:
    assert len(OFFERED) > 150
    assert {method for _, method in OFFERED} <= set(ARGUMENTS)
    assert len({name for name, _ in OFFERED}) == 45
