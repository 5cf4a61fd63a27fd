"""Taking values out of the server's words before they become part of an error."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: Longest text taken over from the server, and the most texts.
LONGEST, MOST = 300, 5

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
    """`text` on one line, cut short, without what was `sent` and what looks private."""
    text = " ".join("".join(char if char.isprintable() else " " for char in text[: 4 * LONGEST]).split())
    for value in sorted({" ".join(value.split()) for value in sent}, key=len, reverse=True):
        if len(value) > 1:
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", "…", text, flags=re.IGNORECASE)
    text = _PRIVATE.sub("…", text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
