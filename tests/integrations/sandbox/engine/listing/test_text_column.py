"""Searching a text column in memory."""

from integrations.sandbox.engine.listing.bitset import members
from integrations.sandbox.engine.listing.text_column import TextColumn


def test_it_finds_records_whose_text_contains_a_fragment_ignoring_ascii_case() -> None:
    texts = TextColumn([(0, "Ada"), (3, "CADAVER"), (4, None), (5, "Édith"), (11, "dada%")])
    assert list(members(texts.containing("ada").as_int)) == [0, 3, 11]
    assert list(members(texts.containing("A%").as_int)) == [11]
    assert list(members(texts.containing("édith").as_int)) == []
    assert list(members(texts.containing("ÉDITH").as_int)) == [5]


def test_a_text_can_be_replaced_and_removed() -> None:
    texts = TextColumn()
    assert texts.containing("ada").as_int == 0
    texts.put(9, "Ada")
    texts.put(2, "Ada")
    texts.put(9, None)
    assert list(members(texts.containing("ada").as_int)) == [2]


def test_texts_may_have_any_character() -> None:
    texts = TextColumn([(0, "a\0b"), (1, "c\nd"), (2, "")])
    assert list(members(texts.containing("\0b").as_int)) == [0]
    assert list(members(texts.containing("c\nd").as_int)) == [1]
