"""The rows of a worksheet, read one after another."""

from collections.abc import Iterator
from typing import IO

from integrations.bulk.files.readers.markup import MarkupStream
from integrations.bulk.files.readers.numbers import Formats
from integrations.bulk.files.readers.strings import SharedStrings
from integrations.bulk.files.readers.tables import MOST_CELLS, MOST_COLUMNS, SAVE_AS_CSV, Row
from portal.core.errors import Refused

#: Cells further to the right are put into this place, so that a far cell doesn't make a row wide.
_LAST_PLACE = 2 * MOST_COLUMNS
_MOST_ROW_NUMBER = 1_048_576


class SheetReader(MarkupStream):
    """Collects the rows of a worksheet. Formulas are read as the values that were stored with them."""

    def __init__(self, source: IO[bytes], *, strings: SharedStrings, formats: Formats) -> None:
        super().__init__(source, "its worksheet")
        self._strings, self._formats = strings, formats
        self._found: list[Row] = []
        self._cells: list[str] = []
        self._number = self._count = 0
        self._place = -1
        self._kind, self._style, self._value, self._formula = "", 0, "", ""

    def rows(self) -> Iterator[Row]:
        """Yield the rows."""
        while self.advance():
            yield from self._found
            self._found.clear()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t", "f"):
            self.collect()
        elif name == "row":
            given = attributes.get("r", "")
            number = (
                int(given) if given.isascii() and given.isdigit() and len(given) < 9 else self._number + 1
            )
            if not self._number < number <= _MOST_ROW_NUMBER:
                raise self.damaged()
            self._number, self._cells, self._place = number, [], -1

    def end(self, name: str) -> None:
        if name == "v":
            self._value = self.collected()
        elif name == "t":
            self._value += self.collected()
        elif name == "f":
            self._formula = "=" + self.collected()
        elif name == "c":
            self._end_cell()
        elif name == "row":
            self._found.append(Row(self._number, self._cells))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_CELLS:
            raise Refused(
                f"The workbook has more than {MOST_CELLS:,} cells. Delete empty rows and columns, or: {SAVE_AS_CSV}"
            )
        reference = attributes.get("r", "")
        self._place = _column(reference) if reference else self._place + 1
        if self._place < 0:
            raise self.damaged()
        self._kind, style = attributes.get("t", "n"), attributes.get("s", "0")
        self._style = int(style) if style.isascii() and style.isdigit() else 0
        self._value = self._formula = ""

    def _end_cell(self) -> None:
        text = self._text()
        if not text:
            return
        place = min(self._place, _LAST_PLACE)
        missing = place + 1 - len(self._cells)
        if missing > 0:
            self._cells += [""] * missing
        self._cells[place] = text

    def _text(self) -> str:
        value = self._value
        if not value:
            return self._formula  # nothing was stored with it
        if self._kind == "s":
            try:
                return self._strings[int(value)]
            except (ValueError, IndexError):
                raise self.damaged() from None
        if self._kind == "n":
            return self._formats.text(value.strip(), self._style)
        if self._kind == "b":
            return "TRUE" if value.strip() == "1" else "FALSE"
        if self._kind == "d":
            return value.strip().removesuffix("T00:00:00").replace("T", " ")
        return value


_columns: dict[str, int] = {}


def _column(reference: str) -> int:
    """Return the position of a cell such as “B7” from 0, or -1 if the reference makes no sense."""
    letters = reference.rstrip("0123456789")
    known = _columns.get(letters)
    if known is not None:
        return known
    if not letters or len(letters) > 3 or not (letters.isascii() and letters.isalpha()):
        return -1
    found = 0
    for letter in letters.upper():
        found = found * 26 + ord(letter) - ord("A") + 1
    _columns[letters] = found - 1  # at most 26³ of them
    return found - 1
