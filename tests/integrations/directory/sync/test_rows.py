"""Rows made from records: anything that Total Expert sends must fit."""

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from integrations import total_expert
from integrations.connections.models import Installation
from integrations.directory.models import UNKNOWN_TIME, Contact
from integrations.directory.sync import rows

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def row(**properties: Any) -> Contact:
    record = total_expert.Contact.from_json({"id": 7, **properties})
    assert record is not None
    return rows.contact_row(record, installation=Installation(), owner=None, as_admin=True, now=NOW)


def test_a_missing_flag_is_unknown_and_not_false() -> None:
    made = row(ok_to_call="False", ok_to_email=1)
    assert (made.ok_to_call, made.ok_to_email, made.ok_to_mail, made.is_silenced) == (False, True, None, None)


def test_missing_and_zero_times_are_unknown() -> None:
    made = row(internal_updated_at="0000-00-00 00:00:00")
    assert (made.remote_updated_at, made.updated_at, made.created_at) == (UNKNOWN_TIME, None, None)


def test_search_finds_names_nickname_addresses_and_phones() -> None:
    made = row(
        first_name="Zoë", last_name="Núñez", nickname="Zo", email="Z@Mail.example", email_work="z@work.example",
        phone_cell="(612) 555-0123",
    )  # fmt: skip
    for found in ("zoe nunez", "zo", "z@mail.example", "z@work.example", "6125550123"):
        assert found in made.search.split("\n")
    assert made.sort_name == "nunez zoe"


def test_texts_that_are_too_long_are_cut() -> None:
    made = row(first_name="x" * 5000, source="y" * 5000, phone_cell="1" * 5000)
    for field in Contact._meta.concrete_fields:
        length = getattr(field, "max_length", None)
        if length:
            assert len(getattr(made, field.attname)) <= length, field.name


@given(
    st.dictionaries(
        st.sampled_from(["first_name", "email", "source", "preferences", "owner", "custom"]), json_values
    )
)
def test_every_record_becomes_a_row_that_the_database_accepts(properties: dict[str, Any]) -> None:
    made = row(**properties)
    texts = [value for value in vars(made).values() if isinstance(value, str)]
    assert not any("\0" in text for text in texts)


def test_nul_and_lone_surrogates_are_removed() -> None:
    assert rows.stored({"a\0": ["x\0y", "\ud83d", {"b": 1}]}) == {"a": ["xy", "?", {"b": 1}]}


def test_whole_emoji_and_other_letters_stay() -> None:
    raw = {"first_name": "李 😀 Zoë"}
    assert rows.stored(raw) == raw


def test_the_digest_does_not_depend_on_the_order_of_properties() -> None:
    assert rows.digest({"a": 1, "b": [2]}) == rows.digest({"b": [2], "a": 1})
    assert rows.digest({"a": 1}) != rows.digest({"a": 2})


def test_marks_that_show_nothing_are_not_stored() -> None:
    odd = "\u202eEve\u2066\u200f \x07\u00adLee\u200b"
    made = row(
        first_name=odd,
        last_name=odd,
        nickname=odd,
        email=f"\u200be@mail.example{odd[0]}",
        city=odd,
        source=odd,
    )
    assert made.first_name == made.last_name == made.city == made.source == "Eve Lee"
    assert made.email == "e@mail.example"
    assert made.search == "eve lee eve lee\neve lee\ne@mail.example"
