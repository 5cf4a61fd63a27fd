"""Text made comparable: lower case, without accents; phone numbers as digits. The same for what is stored and asked."""

import re
import unicodedata
from collections.abc import Iterable

#: Letters that Unicode does not take apart into a letter and an accent.
_APART = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_NUMBER = re.compile(r"[\d\s()+./-]*\d[\d\s()+./-]*")
#: A search begins here: less would match half of everybody.
SHORTEST = 3


def fold(text: str) -> str:
    """Lower case, accents taken off, runs of white space made one space."""
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(plain.translate(_APART).split())


def digits(text: str) -> str:
    """The digits of a phone number."""
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def searchable(texts: Iterable[str], phones: Iterable[str]) -> str:
    """What the search column of a contact holds: a line for each text and each number."""
    parts = [digits(phone) for phone in phones] + [fold(text) for text in texts]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def terms(query: str) -> list[str]:
    """What must all be found for ``query``: its words, or one phone number. Empty: too short to search for."""
    if _NUMBER.fullmatch(query.strip()):
        number = digits(query)
        number = number[1:] if len(number) == 11 and number.startswith("1") else number  # the country's code
        return [number] if len(number) >= SHORTEST else []
    folded = fold(query)
    return folded.split(" ") if len(folded) >= SHORTEST else []
