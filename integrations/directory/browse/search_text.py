"""Normalized text for searching, stored and typed alike: lower case, without accents, phone numbers as digits."""

import re
import unicodedata
from collections.abc import Iterable

#: Letters that Unicode doesn't decompose into a letter and an accent.
_UNDECOMPOSED = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)
_NUMBER = re.compile(r"[\d\s()+./-]*\d[\d\s()+./-]*")
#: Shorter searches would match too many contacts.
SHORTEST = 3


def fold(text: str) -> str:
    """Return ``text`` in lower case, without accents, with single spaces."""
    if text.isascii():
        return " ".join(text.lower().split())
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(plain.translate(_UNDECOMPOSED).split())


def digits(text: str) -> str:
    """Return the digits of a phone number."""
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def searchable(texts: Iterable[str], phones: Iterable[str]) -> str:
    """Return the text of a contact's search column: a line for each text and each number."""
    parts = [digits(phone) for phone in phones] + [fold(text) for text in texts]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def terms(query: str) -> list[str]:
    """Return the terms that must all be found: the words of ``query``, or one phone number. Empty if it is too short."""
    if _NUMBER.fullmatch(query.strip()):
        number = digits(query)
        number = number[1:] if len(number) == 11 and number.startswith("1") else number  # the country code
        return [number] if len(number) >= SHORTEST else []
    folded = fold(query)
    return folded.split(" ") if len(folded) >= SHORTEST else []
