"""Normalized text for searching and sorting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.directory.browse import search_text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë  O'Brien ", "zoe o'brien"),
        ("MÜLLER-Lüdenscheidt", "muller-ludenscheidt"),
        ("Straße", "strasse"),
        ("Søren Ærø", "soren aero"),
        ("Łukasz", "lukasz"),
        ("ﬁancé", "fiance"),
        ("李小龙", "李小龙"),
        ("\t\n", ""),
    ],
)
def test_case_and_accents_are_ignored(text: str, folded: str) -> None:
    assert search_text.fold(text) == folded


@given(st.text())
def test_folding_twice_is_the_same_as_once(text: str) -> None:
    once = search_text.fold(text)
    assert search_text.fold(once) == once


@given(st.text(min_size=3))
def test_a_name_is_found_by_itself(text: str) -> None:
    stored = search_text.searchable([text], [])
    assert all(term in stored for term in search_text.terms(text) if not term.isdigit())


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("(612) 555-0123", ["6125550123"]),
        ("+1 612 555 0123", ["6125550123"]),
        ("555", ["555"]),
        ("55", []),
        ("Jo", []),
        ("  ", []),
        ("jo smith", ["jo", "smith"]),
        ("Zoë", ["zoe"]),
        ("o'brien", ["o'brien"]),
        ("ann@mail.example", ["ann@mail.example"]),
        ("...", ["..."]),
    ],
)
def test_a_query_becomes_words_or_one_number(query: str, terms: list[str]) -> None:
    assert search_text.terms(query) == terms


def test_phones_are_found_by_their_digits() -> None:
    assert search_text.searchable(["Ann Lee"], ["(612) 555-0123", ""]) == "6125550123\nann lee"
