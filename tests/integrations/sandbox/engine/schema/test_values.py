"""Any JSON that a client sends is stored or rejected, and never breaks the sandbox."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.sandbox.engine.schema import values
from integrations.sandbox.resources import RESOURCES
from tests.integrations.sandbox.clients import Caller, InProcessSandbox, ada

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "source", "username"]), children)
    ),
    max_leaves=5,
)


def properties(path: str) -> list[str]:
    resource = RESOURCES[path]
    named = [*resource.fields, *resource.sections, *resource.items, *resource.relationships]
    removals = [part.removed_by for part in (*resource.items, *resource.relationships) if part.removed_by]
    return [part.name for part in named] + removals + ["owner", "options", "id"]


@pytest.fixture(scope="module")
def caller() -> Caller:
    return InProcessSandbox(contacts=3).admin()


@pytest.mark.parametrize("path", ["contacts", "contact-groups", "users"])
@settings(max_examples=80)
@given(data=st.data())
def test_any_body_is_accepted_or_rejected(caller: Caller, path: str, data: st.DataObject) -> None:
    body: dict[str, Any] = data.draw(st.dictionaries(st.sampled_from(properties(path)), ANYTHING, max_size=4))
    start = ada(
        owner={"id": "1002"}, group_name="x", type="Lender", info={"city": "x"}, role={"role_name": "x"}
    )
    created = caller.create(path, **{**start, **body})
    assert created.status_code in (200, 201, 404, 422), created.text
    if created.status_code < 300:
        assert caller.get(f"{path}/{created.json()['id']}")["id"] == created.json()["id"]
        caller.get(path)


@settings(max_examples=150)
@given(
    name=st.sampled_from([entry.name for entry in RESOURCES["contacts"].filters]), value=st.text(max_size=12)
)
def test_any_filter_value_is_accepted_or_rejected(caller: Caller, name: str, value: str) -> None:
    response = caller.call("GET", "contacts", params={"filter": f"{name}={value}"})
    assert response.status_code in (200, 422), response.text


def test_a_huge_number_is_rejected(caller: Caller) -> None:
    for value in (2**70, 1e300, str(2**70), "inf"):
        assert caller.update("users/1002", status=value).status_code == 422
    assert caller.call("GET", f"users?filter=status={2**70}").status_code == 422


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("(612)555-0123", "6125550123"),
        ("5550123", "5550123"),
        ("555012", ""),
        (None, ""),
        (6125550123, "6125550123"),
    ],
)
def test_phone_numbers_compare_by_seven_digits_or_more(number: object, expected: str) -> None:
    assert values.phone_digits(number) == expected


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_time_beyond_the_calendar_is_invalid(text: str) -> None:
    assert values.parse_datetime(text) is None
