"""The texts that the cells of a workbook share, kept in a temporary file so that memory stays flat."""

import tempfile
from array import array
from collections.abc import Iterator
from typing import IO

from integrations.bulk.files.readers.markup import MarkupStream
from integrations.bulk.files.readers.tables import SAVE_AS_CSV
from portal.core.errors import Refused

#: The most texts, and the most bytes of them.
MOST_TEXTS, MOST_BYTES = 8_000_000, 768 * 1024 * 1024
_TOO_LARGE = f"The workbook has too much text to be read. {SAVE_AS_CSV}"


class SharedStrings:
    """The shared texts by their numbers. They are read only as far as they are asked for."""

    def __init__(self, source: IO[bytes] | None) -> None:
        self._texts = _texts(source) if source else iter(())
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with this object
        self._ends = array("Q")
        self._size = 0

    def __getitem__(self, number: int) -> str:
        """Return a text. Raise IndexError if there is none of that number."""
        if number < 0:
            raise IndexError(number)
        while len(self._ends) <= number:
            text = next(self._texts, None)
            if text is None:
                raise IndexError(number)
            self._append(text)
        begin = self._ends[number - 1] if number else 0
        self._file.seek(begin)
        return self._file.read(self._ends[number] - begin).decode()

    def _append(self, text: str) -> None:
        data = text.encode("utf-8", "replace")
        if len(self._ends) >= MOST_TEXTS or self._size + len(data) > MOST_BYTES:
            raise Refused(_TOO_LARGE)
        self._file.seek(0, 2)
        self._file.write(data)
        self._size += len(data)
        self._ends.append(self._size)


def _texts(source: IO[bytes]) -> Iterator[str]:
    reader = _Reader(source)
    while reader.advance():
        yield from reader.found
        reader.found.clear()


class _Reader(MarkupStream):
    """Collects the text of each ``si``: that of its ``t`` elements, without phonetic hints."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__(source, "the list of its texts")
        self.found: list[str] = []
        self._parts: list[str] = []
        self._is_hint = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._is_hint = True
        elif name == "t" and not self._is_hint:
            self.collect()

    def end(self, name: str) -> None:
        if name == "t" and not self._is_hint:
            self._parts.append(self.collected())
        elif name == "rPh":
            self._is_hint = False
        elif name == "si":
            self.found.append("".join(self._parts))
