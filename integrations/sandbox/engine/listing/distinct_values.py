"""The distinct values of a text column, searched for a fragment without a query."""

from __future__ import annotations

from collections.abc import Iterable

_END = b"\n"
_MAX_RECENT = 500


class DistinctValues:
    """A growing set of values.

    Values that no record has any more stay in it: no record has them. Case is ignored as in SQLite's
    LIKE: for ASCII letters only.
    """

    def __init__(self, values: Iterable[str | None] = ()) -> None:
        self._recent: set[str] = set()
        self._joined = self._folded = _END
        self._join(values)

    def _join(self, values: Iterable[str | None]) -> None:
        lines = [value.encode() for value in self._split_off_multiline(values)]
        self._joined += b"".join(line + _END for line in lines)
        self._folded = self._joined.lower()

    def _split_off_multiline(self, values: Iterable[str | None]) -> list[str]:
        """Keep values with line breaks in the recent ones, and return the others."""
        texts = [value for value in values if value]
        self._recent = {text for text in texts if "\n" in text}
        return [text for text in texts if "\n" not in text]

    def __len__(self) -> int:
        return self._joined.count(_END) - 1 + len(self._recent)

    def add(self, value: str | None) -> None:
        """Add a value. It may be in the set already."""
        if value:
            self._recent.add(value)
            if len(self._recent) > _MAX_RECENT:
                self._join([text for text in self._recent if not self._is_joined(text)])

    def _is_joined(self, text: str) -> bool:
        """Return whether a value is among the joined ones. Values with line breaks never are."""
        return "\n" not in text and _END + text.encode() + _END in self._joined

    def containing(self, fragment: str, limit: int) -> list[str] | None:
        """Return the values that contain a fragment, or None if there are more than `limit` occurrences."""
        if "\n" in fragment:
            return None
        wanted, folded = fragment.encode().lower(), self._folded
        found = [value for value in self._recent if wanted in value.encode().lower()]
        place = folded.find(wanted)
        while place >= 0:
            if len(found) >= limit:
                return None
            end = folded.find(_END, place)
            found.append(self._joined[folded.rfind(_END, 0, place) + 1 : end].decode())
            place = folded.find(wanted, end)
        return found
