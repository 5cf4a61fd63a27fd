"""Normalized text for searching and sorting, and what people type to search it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.directory.browse import search_text
from portal.core.search_text import fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë  O'Brien ", "zoe obrien"),
        ("O\u2019Brien", "obrien"),
        ("O\u00b4Brien", "obrien"),
        ("Ka\u02bbahumanu", "kaahumanu"),
        ("William \u201cBill\u201d Lee", "william bill lee"),
        ("MÜLLER-Lüdenscheidt", "muller-ludenscheidt"),
        ("Lee\u2011Young \u2013 Co", "lee-young - co"),
        ("Straße", "strasse"),
        ("Søren Ærø", "soren aero"),
        ("Łukasz", "lukasz"),
        ("İstanbul", "istanbul"),
        ("ﬁancé", "fiance"),
        ("Ökobank", "okobank"),
        ("نیک\u200cسرشت", "نیکسرشت"),
        ("\u202aAnn\u202c\u00ad Lee\u200b", "ann lee"),
        ("٦١٢", "612"),
        ("李小龙", "李小龙"),
        ("\t\n", ""),
    ],
)
def test_case_accents_and_notation_are_ignored(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_is_the_same_as_once(text: str) -> None:
    once = fold(text)
    assert fold(once) == once


@given(st.text(alphabet=st.characters(exclude_categories=["N"]), min_size=3))
def test_a_name_is_found_by_itself(text: str) -> None:
    stored = search_text.searchable([text], [])
    assert all(term in stored for term in search_text.terms(text))


NUMBER = [
    "\u202a(612) 555\u20110142",
    "tel:+1-612-555-0142",
    "tel:+1-612-555-0142;ext=9",
    "001 612 555 0142",
    "011 1 612 555 0142",
    "+16125550142",
    "+1 (612) 555-0142",
    "1 612 555 0142",
    "1-612-555-0142",
    "612-555-0142 ext 9",
    "612-555-0142 ext. 9",
    "612-555-0142 extension 9",
    "(612) 555-0142, ext 9",
    "6125550142x9",
    "612.555.0142 #9",
    "612\u2013555\u20140142",
    "612\u2212555\u22120142",
    "612\u00b7555\u00b70142",
    "612\u00a0555\u00a00142",
    "６１２ ５５５ ０１４２",
    "phone: 612/555/0142",
    "Tel. 612 555 0142",
    "\u200b612 555 0142\u200e",
]


@pytest.mark.parametrize("query", NUMBER)
@pytest.mark.parametrize("stored", ["6125550142", "+1 612 555 0142", "001-612-555-0142", "(612) 555-0142 x9"])
def test_a_number_is_found_in_any_notation(query: str, stored: str) -> None:
    assert search_text.terms(query) == ["6125550142"]
    assert "6125550142" in search_text.searchable([], [stored])


@pytest.mark.parametrize(
    "query", ["+44 20 7946 0958", "+44 (0)20 7946 0958", "0044 20 7946 0958", "020 7946 0958"]
)
@pytest.mark.parametrize("stored", ["020 7946 0958", "+44 20 7946 0958", "+44 (0)20 79460958"])
def test_a_number_abroad_is_found_with_and_without_its_country_code(query: str, stored: str) -> None:
    assert all(term in search_text.searchable([], [stored]) for term in search_text.terms(query))


@pytest.mark.parametrize(
    "query",
    [
        "Ann 612555",
        "Ann 612 555 0142",
        "Ann (612) 555",
        "Ann: +1 (612) 555-0142 x9",
        "612-555-0142 Ann",
        "O\u2019Brien 0142",
        "Brien, Ann",
        "OBrien",
        "o`brien",
        "\u201cAnn\u201d",
        "Lee-Young",
        "Lee Young",
        "lee\u2013young",
        "Ann <ann-marie@mail.example>",
        "mailto:ann-marie@mail.example",
        "24/7 Loans",
    ],
)
def test_words_and_numbers_together_find_the_contact(query: str) -> None:
    stored = search_text.searchable(
        ["Ann O'Brien Lee-Young", "24/7 Loans", "ann-marie@mail.example"], ["(612) 555-0142"]
    )
    assert search_text.terms(query)
    assert all(term in stored for term in search_text.terms(query))


@given(
    st.integers(2_000_000_000, 9_999_999_999).map(str),
    st.sampled_from(["{}{}{}", "({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "{} {} {}", "{}\u2011{}\u2013{}"]),
    st.sampled_from(["", "+1 ", "1-", "001 ", "tel:+1-", "\u202a"]),
    st.sampled_from(["", " ext 9", " x12", ", ext. 1", " #7", "\u202c"]),
)
def test_every_notation_of_a_number_is_the_same_search(
    number: str, form: str, before: str, after: str
) -> None:
    written = before + form.format(number[:3], number[3:6], number[6:])
    assert search_text.terms(written + after) == [number]
    assert search_text.terms(f"Ann {written}") == ["ann", number]


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("555", ["555"]),
        ("612 555", ["612555"]),
        ("+1 612", ["612"]),
        ("55", []),
        ("Jo", []),
        ("  ", []),
        ("...", []),
        ("\u200b\u200e", []),
        ("jo smith", ["jo", "smith"]),
        ("Zoë", ["zoe"]),
        ("ann@mail.example", ["ann@mail.example"]),
    ],
)
def test_a_query_becomes_words_or_one_number(query: str, terms: list[str]) -> None:
    assert search_text.terms(query) == terms


def test_phones_are_found_by_their_digits() -> None:
    assert search_text.searchable(["Ann Lee"], ["(612) 555-0123", ""]) == "6125550123\nann lee"
