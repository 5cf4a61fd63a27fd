"""Text that people paste is stored as they see it."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core import text

INVISIBLE = (
    "\x00\x07\x1b\x7f\x86\x9f\u00ad\u034f\u061c\u115f\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2064\u2066\u2067\u2068\u2069\u206f\u2800\u3164\ufe0f\ufeff\ufff9\ufffc\U000e0020\U000e0100"
)


@pytest.mark.parametrize("mark", INVISIBLE)
def test_characters_that_show_nothing_are_removed(mark: str) -> None:
    assert text.clean(f"{mark}Ce{mark}dar {mark} Home{mark}") == "Cedar Home"


@pytest.mark.parametrize(
    ("pasted", "stored"),
    [
        ("  Cedar\u00a0\u2003Home \n", "Cedar Home"),
        ("Cedar\r\nHome\u2028Loans", "Cedar Home Loans"),
        ("Cre\u0301dit", "Cr\u00e9dit"),
        ("e\u200b\u0301", "\u00e9"),
        ("نیک\u200cسرشت", "نیک\u200cسرشت"),
        ("نیک\u200c\u200c\u200bسرشت", "نیک\u200cسرشت"),
        ("\u200cنیک سرشت\u200c", "نیک سرشت"),
        ("ශ්\u200dරී", "ශ්\u200dරී"),
        ("क्\u200dष", "क्\u200dष"),
        ("രാജന്\u200d", "രാജന്\u200d"),
        ("Ce\u200ddar", "Cedar"),
        ("\ud800Cedar", "Cedar"),
        ("", ""),
    ],
)
def test_text_is_stored_as_it_is_seen(pasted: str, stored: str) -> None:
    assert text.clean(pasted) == stored


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(INVISIBLE + "نکස්රക്é\u0301"))))
def test_clean_text_is_clean_and_stays_as_it_is(pasted: str) -> None:
    stored = text.clean(pasted)
    assert text.clean(stored) == stored
    assert unicodedata.is_normalized("NFC", stored)
    plain = text.without_joiners(stored)
    assert not set(plain) & set(INVISIBLE)
    assert not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in plain)
    assert not any(unicodedata.bidirectional(sign) in ("LRE", "RLE", "LRO", "RLO", "PDF") for sign in plain)
