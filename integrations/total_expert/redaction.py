"""Taking values out of the server's words before they become part of an error."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Longest text taken over from the server, and the most texts.
LONGEST, MOST = 300, 5
#: A text beyond this is no sentence, and nothing of it is taken over.
LONGEST_READ = 100_000
#: Of a value as long as this, its beginning gives away enough: servers quote values cut short.
LONG = 16

_PRIVATE = re.compile(
    r"""[^\s@'"<>(),;]+@[^\s@'"<>(),;]+      # an e-mail address
      | \+?\d[\d\s().-]{5,}\d        # a telephone number, or a long number of any kind
      | [A-Za-z0-9_~+/=-]{24,}       # a token, a key
    """,
    re.VERBOSE,
)


def values_in(data: Any) -> Iterator[str]:
    """Every text and number inside a JSON value, as text; names of properties are left out."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def redact(text: str, sent: Iterable[str] = ()) -> str:
    """`text` on one line, without what was `sent` and what looks private, then cut short.

    Long values are also taken out where they stand inside other words, or where only their beginning stands.
    """
    if len(text) > LONGEST_READ:
        return "…"
    text = _plain(text)
    for value in sorted({_plain(value) for value in sent}, key=len, reverse=True):
        if len(value) >= LONG:
            text = _without_beginnings(text, value)
        elif len(value) > 1:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
    text = _PRIVATE.sub("…", text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _plain(text: str) -> str:
    """Text as it is compared and shown: one line, composed characters, no invisible ones."""
    composed = unicodedata.normalize("NFKC", text)
    visible = (char for char in composed if unicodedata.category(char) != "Cf")
    return " ".join("".join(char if char.isprintable() else " " for char in visible).split())


def _without_beginnings(text: str, value: str) -> str:
    """`text` without the beginnings of a long value, each as far as it stands there."""
    kept, place = [], 0
    for found in re.finditer(re.escape(value[:LONG]), text, re.IGNORECASE):
        if found.start() < place:
            continue
        end = found.end()
        for char in value[LONG:]:
            if text[end : end + 1].lower() != char.lower():
                break
            end += 1
        kept += [text[place : found.start()], "…"]
        place = end
    return "".join([*kept, text[place:]])
