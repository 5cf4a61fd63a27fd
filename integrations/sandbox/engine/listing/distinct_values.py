"""The different values of one text column, to find those that contain a fragment without asking the file."""

from __future__ import annotations

from collections.abc import Iterable

_END = b"\n"
_MOST_FRESH = 500


class Vocabulary:
    """Values are only ever added: what no record has any more finds none. Letters compare as SQLite's LIKE does it,
    by ASCII's lower case.
    """

    def __init__(self, values: Iterable[str | None] = ()) -> None:
        self._fresh: set[str] = set()
        self._joined = self._folded = _END
        self._join(values)

    def _join(self, values: Iterable[str | None]) -> None:
        lines = [value.encode() for value in self._kept_apart(values)]
        self._joined += b"".join(line + _END for line in lines)
        self._folded = self._joined.lower()

    def _kept_apart(self, values: Iterable[str | None]) -> list[str]:
        """The values of one line; those of several stay fresh."""
        texts = [value for value in values if value]
        self._fresh = {text for text in texts if "\n" in text}
        return [text for text in texts if "\n" not in text]

    def __len__(self) -> int:
        return self._joined.count(_END) - 1 + len(self._fresh)

    def add(self, value: str | None) -> None:
        """Add a value that may be known already."""
        if value:
            self._fresh.add(value)
            if len(self._fresh) > _MOST_FRESH:
                self._join([text for text in self._fresh if not self._is_joined(text)])

    def _is_joined(self, text: str) -> bool:
        """Whether a value stands in the joined ones. One of several lines never does, though its lines may."""
        return "\n" not in text and _END + text.encode() + _END in self._joined

    def containing(self, fragment: str, most: int) -> list[str] | None:
        """The values with a fragment in them; None where there are more than `most` occurrences."""
        if "\n" in fragment:
            return None
        wanted, folded = fragment.encode().lower(), self._folded
        found = [fresh for fresh in self._fresh if wanted in fresh.encode().lower()]
        place = folded.find(wanted)
        while place >= 0:
            if len(found) >= most:
                return None
            end = folded.find(_END, place)
            found.append(self._joined[folded.rfind(_END, 0, place) + 1 : end].decode())
            place = folded.find(wanted, end)
        return found
