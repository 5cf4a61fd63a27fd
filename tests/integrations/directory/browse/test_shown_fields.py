"""Which fields a record shows, and a record reduced to them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.directory.browse import shown_fields

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
RECORDS = st.dictionaries(
    st.sampled_from(["id", "email", "credit_score", "preferences", "custom", "external_ids"]),
    SCALARS
    | st.lists(
        SCALARS | st.fixed_dictionaries({"field_name": st.text(max_size=3), "value": SCALARS}), max_size=3
    )
    | st.dictionaries(st.text(max_size=3), SCALARS, max_size=3),
)


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        ({}, []),
        ({"id": 1, "email": "", "city": None, "tags": [], "more": {}}, ["id"]),
        ({"ok_to_call": False, "credit_score": 0}, ["credit_score", "ok_to_call"]),
        ({"preferences": {"is_silenced": False, "other": None}}, ["preferences.is_silenced"]),
        (
            {"custom": [{"field_name": "Rank", "value": 5}, {"field_name": "Gone", "value": None}]},
            ["custom.Rank"],
        ),
        ({"custom": [{"field_name": "Rank", "value": ""}, "x", None]}, []),
        ({"custom": {"Rank": 5}}, ["custom.Rank"]),
        ({"external_ids": ["a"]}, ["external_ids"]),
    ],
)
def test_a_field_is_shown_when_it_has_a_value(raw: dict[str, Any], names: list[str]) -> None:
    assert shown_fields.names(raw) == names


@given(admins=RECORDS, theirs=RECORDS)
def test_a_reduced_record_names_nothing_that_was_not_shown(admins: Any, theirs: Any) -> None:
    shown = shown_fields.names(theirs)
    assert set(shown_fields.names(shown_fields.only(admins, shown))) <= set(shown)
    assert shown_fields.names(shown_fields.only(theirs, shown)) == shown
