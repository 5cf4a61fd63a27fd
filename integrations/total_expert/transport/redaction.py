"""Removing values from the server's messages before they become part of an error."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: The most messages that are quoted from one response, and the longest of each, in characters.
MAX_MESSAGES, MAX_LENGTH = 5, 300
#: A longer text is not a message, and nothing of it is quoted.
MAX_INPUT_LENGTH = 1_000
#: Of a value with at least this many characters, the beginning alone is removed too: servers truncate what they quote.
LONG_VALUE = 16

_PRIVATE = re.compile(
    r"""(?<![^\s@'"<>(),;])[^\s@'"<>(),;]+@[^\s@'"<>(),;]+  # an email address
      | \+?\d[\d\s().-]{5,}\d        # a telephone number, or another long number
      | [A-Za-z0-9_~+/=-]{24,}       # a token or key
    """,
    re.VERBOSE,
)


def values_in(data: Any) -> Iterator[str]:
    """Yield every text and number in a JSON value, as text. Property names are left out."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def redact(text: str, private_values: Iterable[str] = ()) -> str:
    """Return the text on one line, truncated, with "…" for the private values and for what looks private.

    Long values are also removed inside other words, and where only their beginning is quoted.
    """
    text = _normalized(text[: MAX_INPUT_LENGTH + 1])
    if len(text) > MAX_INPUT_LENGTH:
        return "…"
    for value in sorted({_normalized(value) for value in private_values}, key=len, reverse=True):
        if len(value) >= LONG_VALUE:
            text = _without_prefixes(text, value)
        elif len(value) > 1:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
    text = _PRIVATE.sub("…", text)
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def _normalized(text: str) -> str:
    """Return the text as it is compared and shown: on one line, in NFKC, without invisible characters."""
    composed = unicodedata.normalize("NFKC", text)
    visible = (char for char in composed if unicodedata.category(char) != "Cf")
    return " ".join("".join(char if char.isprintable() else " " for char in visible).split())


def _without_prefixes(text: str, value: str) -> str:
    """Return the text with "…" for each occurrence of the value or of a prefix with at least LONG_VALUE characters."""
    kept, position = [], 0
    for match in re.finditer(re.escape(value[:LONG_VALUE]), text, re.IGNORECASE):
        if match.start() < position:
            continue
        end = match.end()
        for char in value[LONG_VALUE:]:
            if text[end : end + 1].lower() != char.lower():
                break
            end += 1
        kept += [text[position : match.start()], "…"]
        position = end
    return "".join([*kept, text[position:]])
