"""Odd requests to every address of the sandbox. It never fails: what it can't read, it refuses."""

import json
import os
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.test import Client, EnvironBuilder

from integrations.sandbox.routes import _MAP
from tests.integrations.sandbox.clients import InProcessSandbox
from tests.odd_values import values

PARAMETERS = [
    "page[number]",
    "page[size]",
    "sort",
    "filter[email]",
    "filter[id]",
    "filter[created_at]",
    "filter[updated_at][gte]",
    "filter",
    "fields",
    "since",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "include",
]
HEADERS = [
    "Authorization",
    "Content-Type",
    "Accept",
    "Cookie",
    "If-Match",
    "X-Sandbox-Address",
    "X-HTTP-Method-Override",
    "Host",
]
FORM_FIELDS = [
    "grant_type",
    "code",
    "redirect_uri",
    "refresh_token",
    "client_id",
    "client_secret",
    "scope",
    "username",
    "password",
    "csrf",
    "action",
    "code_verifier",
]
BODY_FIELDS = [
    "id",
    "first_name",
    "last_name",
    "email",
    "phone_cell",
    "birthday",
    "source",
    "owner",
    "groups",
    "custom_fields",
    "name",
    "advance",
    "save",
    "load",
    "contact",
    "archived",
    "path",
    "method",
    "status",
    "drop",
    "delay_ms",
    "url",
    "event",
    "events",
    "body",
    "active",
    "hold",
    "delay",
    "creation_date",
    "addresses",
    "external_ids",
]
MANY = int(os.environ.get("FUZZ_EXAMPLES", "3000"))


def rules() -> list[tuple[str, str]]:
    """Return the method and path of every endpoint. A reset would only take time."""
    found = {(method, rule.rule) for rule in _MAP.iter_rules() for method in rule.methods or {"GET", "POST"}}
    return sorted(found - {("POST", "/_sandbox/reset")})


def bodies() -> st.SearchStrategy[Any]:
    """Return a strategy for JSON bodies: objects with fields that some endpoint reads, or anything else."""
    scalars = st.one_of(
        values().map(lambda value: value.decode(errors="replace")),
        st.none(),
        st.booleans(),
        st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1.5, 1e308]),
    )
    nested = st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(BODY_FIELDS), inner, max_size=3)
        ),
        max_leaves=6,
    )
    return st.dictionaries(st.sampled_from(BODY_FIELDS), nested, max_size=4) | nested


@st.composite
def requests(draw: Any) -> dict[str, Any]:
    """Draw one request to one of the addresses, as arguments of werkzeug's builder."""
    method, rule = draw(st.sampled_from(rules()))
    identity = draw(st.one_of(st.sampled_from([b"1", b"2", b"999999"]), values()))
    path = re.sub(r"<\w+>", lambda _: quote(identity[:2000], safe="") or "%20", rule)
    query = draw(st.lists(st.tuples(st.sampled_from(PARAMETERS), values()), max_size=3))
    headers = draw(st.dictionaries(st.sampled_from(HEADERS), values(), max_size=2))
    kind = draw(st.sampled_from(["json", "json", "form", "raw"]))
    if kind == "json":
        body, content_type = json.dumps(draw(bodies())).encode(), "application/json"
    elif kind == "form":
        fields = draw(st.lists(st.tuples(st.sampled_from(FORM_FIELDS), values()), max_size=6))
        body = "&".join(f"{name}={quote(value)}" for name, value in fields).encode()
        content_type = "application/x-www-form-urlencoded"
    else:
        body, content_type = (
            draw(values()),
            draw(st.sampled_from(["application/json", "multipart/form-data", ""])),
        )
    return {
        "method": draw(st.sampled_from([method, method, method, "PUT", "HEAD", "PATCH"])),
        "path": path,
        "query_string": "&".join(f"{quote(name)}={quote(value)}" for name, value in query),
        "headers": {
            name: value[:3000].decode("latin-1").translate({0: None, 10: None, 13: None})
            for name, value in headers.items()
        },
        "data": body,
        "content_type": content_type,
    }


@pytest.fixture(scope="module")
def fuzzed() -> tuple[Client, str]:
    """A sandbox that all examples share, and the token of an admin in it."""
    sandbox = InProcessSandbox(contacts=5)
    return Client(sandbox.app), sandbox.admin(scope="leadInteraction getUsers describeSchema").token


def send(client: Client, token: str, request: dict[str, Any]) -> None:
    headers = {"Authorization": f"Bearer {token}", **request["headers"]}
    response = client.open(EnvironBuilder(**{**request, "headers": headers}))
    client.post("/_sandbox/faults", json=[])
    assert response.status_code != 500, response.get_data(as_text=True)[:300]


@settings(max_examples=80, derandomize=True, database=None)
@given(request=requests())
def test_odd_requests_never_make_it_fail(fuzzed: tuple[Client, str], request: dict[str, Any]) -> None:
    send(*fuzzed, request)


@pytest.mark.soak
@settings(max_examples=MANY, database=None)
@given(request=requests())
def test_many_odd_requests_never_make_it_fail(fuzzed: tuple[Client, str], request: dict[str, Any]) -> None:
    send(*fuzzed, request)
