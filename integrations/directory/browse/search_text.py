"""The search column of contacts, and what people type to search it: words and phone numbers in any notation."""

import re
import unicodedata
from collections.abc import Iterable

from portal.core.search_text import fold, words

#: Shorter searches would match too many contacts.
SHORTEST = 3
#: Fewer digits are a part of a number, in which there is no country code or extension to find.
_WHOLE = 7
_NUMBER = frozenset("0123456789 ()+./-·•,")
_EXTENSION = r"\s*(?:;\s*ext\s*=|[#,]|(?:extension|extn|ext|x)\s*[.:]?)\s*"
_ENDS_IN_EXTENSION = re.compile(rf"(?<=[\d\s).]){_EXTENSION}\d{{0,6}}$")
_PREFIX = re.compile(r"(?<!\S)(?:mailto|tel|sms|callto|phone|mobile|cell|fax)\s*[:.]\s*(?=[\w+(])")
#: A phone number among words.
_AMONG_WORDS = re.compile(rf"(?<![^\s(<])[+(]*\d[\d ()+./-]{{5,}}\d(?:{_EXTENSION}\d{{1,6}})?(?![^\s)>,;])")
#: Country calling codes of one and two digits. All others have three. (ITU-T E.164)
_SHORT_CODES = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def digits(text: str) -> str:
    """Return the digits of a phone number, as ASCII."""
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(letter, letter)) for letter in text)
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def searchable(texts: Iterable[str], phones: Iterable[str]) -> str:
    """Return the text of a contact's search column: a line for each text and each number."""
    parts = [digits(phone) for phone in phones] + [fold(text) for text in texts]
    return "\n".join(dict.fromkeys(part for part in parts if part))


def terms(query: str) -> list[str]:
    """Return the terms that must all be found: words, and phone numbers as `_national` digits. Empty if it is too short.

    A number may have a country code, an extension and any separators: it is found however it is stored.
    """
    plain = _PREFIX.sub("", fold(query))
    if (body := _number(plain)) is not None:
        number = _national(body)
        return [number] if len(number) >= SHORTEST else []
    numbers: list[str] = []

    def take(found: re.Match[str]) -> str:
        body = _number(found[0])
        if body is None or len(digits(body)) < _WHOLE:
            return found[0]
        numbers.append(_national(body))
        return " "

    found = words(_AMONG_WORDS.sub(take, plain)) + numbers
    return found if sum(map(len, found)) >= SHORTEST else []


def _number(plain: str) -> str | None:
    """Return a phone number without its extension, or None if ``plain`` is something else."""
    body = _ENDS_IN_EXTENSION.sub("", plain)
    if len(digits(body)) < _WHOLE:
        body = plain
    return body if any(map(str.isdigit, body)) and _NUMBER.issuperset(body) else None


def _national(number: str) -> str:
    """Return the digits of a number without the prefixes that the stored number may lack: always the end of the digits."""
    is_international = number.lstrip(" (").startswith("+")
    found = digits(number.replace("(0)", "") if is_international else number)
    for prefix in ("011", "00"):  # to dial abroad, from North America and from elsewhere
        if not is_international and found.startswith(prefix) and len(found) >= _WHOLE + len(prefix):
            is_international, found = True, found.removeprefix(prefix)
    if is_international:
        code = _SHORT_CODES.match(found)
        rest = found[code.end() if code else 3 :]
        return rest if len(rest) >= SHORTEST else found
    if len(found) == 11 and found.startswith("1"):
        return found[1:]
    # the 0 that many countries put before numbers dialed within them
    return found[1:] if len(found) > _WHOLE + 1 and found.startswith("0") else found
