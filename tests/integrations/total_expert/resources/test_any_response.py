"""Whatever a server sends, every method of every resource returns a typed result or raises one of the three errors."""

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
from tests.integrations.total_expert.fixed_response_adapter import FixedResponseAdapter
from tests.integrations.total_expert.records.test_record import LEAVES
from tests.integrations.total_expert.resources.inspection import methods_of, resources_of

CONSENT = Consent("+16125550199", "marketing", "web", "Yes.")
#: The positional and keyword arguments for each method.
ARGUMENTS: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "list": ((), {}),
    "pages": ((), {"prefetch": 0}),
    "all": ((), {"prefetch": 0}),
    "get": ((5,), {}),
    "email_archive.get": ((5,), {"user_id": 7}),
    "create": (({"name": "x"},), {}),
    "update": ((5, {"name": "x"}), {}),
    "update_each": (([(5, {"name": "x"}), (6, {"name": "y"})],), {}),
    "create_each": (([("a", {"name": "x"}, None), ("b", {"name": "y"}, None)],), {}),
    "delete": ((5,), {}),
    "delete_each": (([5, 6],), {}),
    "set_custom_values": ((5, {"size": 3}), {}),
    "grant_consent": ((5, CONSENT), {}),
    "revoke_consent": ((5, CONSENT), {}),
    "render": (({"sender_id": 5},), {}),
    "upload": ((5, b"GIF89a"), {"content_type": "image/gif"}),
    "opt_in": (("612-555-0144",), {"user": {"id": 5}}),
    "opt_out": (("612-555-0144",), {}),
}
CLIENT = Client(PRODUCTION, token=lambda: "a-token")
METHODS = sorted(
    (name, method) for name, resource in resources_of(CLIENT).items() for method in methods_of(resource)
)


def call(client: Client, name: str, method: str) -> Any:
    """Call a method and return its result, or the items if it is a generator."""
    arguments, options = ARGUMENTS.get(f"{name}.{method}") or ARGUMENTS[method]
    result = getattr(resources_of(client)[name], method)(*arguments, **options)
    if isinstance(result, Generator):
        return tuple(item for item, _ in zip(result, range(5), strict=False))
    return result


def is_typed(result: Any) -> bool:
    """Return whether a result has a documented type."""
    if isinstance(result, tuple):
        return all(isinstance(each, Record | Page) or is_update(each) for each in result)
    return result is None or isinstance(result, Record | Page | Created | CreatedLead)


def is_update(result: Any) -> bool:
    """Return whether a result is an id or a key with what became of its record."""
    key, became = result
    return key in (5, 6, "a", "b") and (
        became is None or isinstance(became, Created | TryLater | ReconnectRequired | Rejected)
    )


def outcome(status: int, body: bytes, calls: Callable[[Client], Any]) -> Any:
    """Return the result of the calls, or the error if it is one of the three."""
    adapter = FixedResponseAdapter(status, {"X-Request-Id": "r1"}, body)
    with Client(PRODUCTION, token=lambda: "a-token", adapter=adapter, sleep=lambda seconds: None) as client:
        try:
            result = calls(client)
        except (TryLater, ReconnectRequired, Rejected) as error:
            assert str(error).encode()
            return error
    assert is_typed(result), result
    return result


INVALID_BODIES = [b"", b"[]", b"{}", b"null", b"5", b'"x"', b"[[]]", b"[{}]", b'{"items": {}, "links": []}', b"<html>",
           b'{"items": [{}, [], 5], "links": {"next": null}}', b'{"id": null}', b'{"id": [], "items": [null]}',
           b'{"errors": [5, {"x": []}]}', b'{"results": [5]}', b'{"error": {"a": 1}}', b"\xff", b"[" * 5000]  # fmt: skip


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_an_invalid_response_is_a_typed_result_or_an_error(name: str, method: str) -> None:
    for body in INVALID_BODIES:
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
@given(method=st.sampled_from(METHODS), status=STATUSES, data=JSON | ENVELOPES)
def test_any_json_is_a_typed_result_or_an_error(method: tuple[str, str], status: int, data: Any) -> None:
    outcome(status, json.dumps(data).encode(), lambda client: call(client, *method))


def test_every_method_of_the_client_is_covered() -> None:
    assert len(METHODS) > 150
    assert {method for _, method in METHODS} <= set(ARGUMENTS)
    assert len({name for name, _ in METHODS}) == 45
