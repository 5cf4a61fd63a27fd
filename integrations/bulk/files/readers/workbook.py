"""Reading XLSX workbooks with openpyxl: the first visible worksheet, row by row.

openpyxl holds one row, and all texts that cells share, in memory. So the sizes of parts and rows are checked first. The
workbook itself names its parts, so each part is checked for what it is read as, whatever its name.
"""

import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.xml.constants import ARC_STYLE, SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import fromstring

from integrations.bulk.files.readers import cells
from integrations.bulk.files.readers.tables import MOST_CELLS, SAVE_AS_CSV, Row, Table, from_rows
from portal.core.errors import Refused

#: The largest parts after decompression, in bytes: the worksheet, the shared texts, and others.
MOST_SHEET, MOST_TEXTS, MOST_OTHER = 1024 * 1024 * 1024, 128 * 1024 * 1024, 8 * 1024 * 1024
#: The most bytes of all other parts that are read. A part that is read twice counts twice.
MOST_OTHERS = 4 * MOST_OTHER
#: The longest number format, as in Excel, and the most brackets in it. openpyxl looks for dates in the format of each style,
#: which takes time that grows with their product.
LONGEST_FORMAT, MOST_BRACKETS = 255, 16
#: The most bytes of XML from one row's end to the next.
MOST_BETWEEN_ROWS = 16 * 1024 * 1024
#: The longest text of a cell. Spreadsheet programs allow 32,767 characters.
LONGEST_TEXT = 131_072
_MOST_ROW_NUMBER = 1_048_576
_BLOCK = 1024 * 1024
_HEAD = 4096
_ROW_END = b"row>"
# openpyxl warns of what it leaves out, and quotes cells while it does.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")
_DAMAGED = "The workbook is damaged. Save it again and upload it."


def open_table(file: BinaryIO) -> Table:
    """Return the table in a workbook. Raise Refused."""
    file.seek(0)
    visible, sheet = _guarded(lambda: _Reader(file).first_visible())
    notes = [f"Worksheet: “{sheet.title[:60]}”."]
    if visible > 1:
        notes.append(f"The other {visible - 1} worksheets of the workbook aren't read.")
    return from_rows(_rows(sheet), notes)


class _Archive(zipfile.ZipFile):
    """An archive that refuses parts that don't fit into memory.

    It trusts the sizes in the archive's list: `zipfile` never returns more than they say.
    """

    _taken = 0

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        """Return a part of a workbook. Raise Refused if it is too large, or the parts that were read are together."""
        part = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        self._taken += part.file_size
        if part.file_size > MOST_OTHER or self._taken > MOST_OTHERS:
            raise Refused(f"The workbook has too many formats or worksheets to be read. {SAVE_AS_CSV}")
        data = super().read(part, pwd)
        _require_no_declarations(data[:_HEAD])
        return data

    def require_bounded(self, name: str, most: int, sentence: str) -> None:
        """Raise Refused if a part that is read as a stream has more than ``most`` bytes, or has declarations."""
        part = self.getinfo(name)
        if part.file_size > most:
            raise Refused(f"{sentence} {SAVE_AS_CSV}")
        with self.open(part) as source:
            _require_no_declarations(source.read(_HEAD))


class _Reader(ExcelReader):
    """openpyxl's reader, which opens only what the first visible worksheet needs."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file, read_only=True, data_only=True, keep_links=False)
        self.archive: _Archive = _Archive(file)

    def first_visible(self) -> tuple[int, Any]:
        """Return how many worksheets are visible, and the first of them. Raise Refused."""
        self.read_manifest()
        texts = self.package.find(SHARED_STRINGS)
        if texts is not None:
            name = texts.PartName[1:]
            self.archive.require_bounded(name, MOST_TEXTS, "The workbook has too much text to be read.")
        self.read_strings()
        self.read_workbook()
        _require_short_formats(self.archive)
        apply_stylesheet(self.archive, self.wb)
        visible = [
            (sheet.name, rel.target)
            for sheet, rel in self.parser.find_sheets()
            if sheet.state == "visible"
            and "chartsheet" not in rel.Type
            and rel.target in self.archive.NameToInfo
        ]
        if not visible:
            raise Refused("The workbook has no visible worksheet.")
        title, name = visible[0]
        self.archive.require_bounded(name, MOST_SHEET, "The workbook is too large to be read.")
        _require_short_rows(self.archive, name)
        return len(visible), ReadOnlyWorksheet(self.wb, title, name, self.shared_strings)


def _rows(sheet: Any) -> Iterator[Row]:
    """Yield the rows of a worksheet. Formulas are read as the values that were stored with them."""
    sheet.reset_dimensions()  # what the file says of them may be wrong, and makes rows as wide
    rows, count = sheet.iter_rows(), 0
    for number in range(1, _MOST_ROW_NUMBER + 1):
        found = _guarded(lambda: next(rows, None))
        if found is None:
            return
        count += len(found)
        if count > MOST_CELLS:
            raise Refused(
                f"The workbook has more than {MOST_CELLS:,} cells. Delete empty rows and columns, or: {SAVE_AS_CSV}"
            )
        texts = [_guarded(partial(cells.text_of, cell)) for cell in found]
        if any(len(text) > LONGEST_TEXT for text in texts):
            raise Refused(f"A cell of the workbook has more than {LONGEST_TEXT:,} characters. Shorten it.")
        yield Row(number, texts)
    raise Refused(_DAMAGED)


def _require_no_declarations(head: bytes) -> None:
    """Raise Refused for XML with a document type, which no workbook has. defusedxml refuses its entities besides."""
    if b"<!DOCTYPE" in head.replace(b"\0", b""):  # UTF-16 has zero bytes between the letters
        raise Refused(_DAMAGED)


def _require_short_formats(archive: _Archive) -> None:
    """Raise Refused for number formats that openpyxl would search for too long."""
    if ARC_STYLE not in archive.NameToInfo:
        return
    for element in fromstring(archive.read(ARC_STYLE)).iter(f"{{{SHEET_MAIN_NS}}}numFmt"):
        code = element.get("formatCode", "")
        if len(code) > LONGEST_FORMAT or code.count("[") > MOST_BRACKETS:
            raise Refused(f"The workbook has a number format that is too long to be read. {SAVE_AS_CSV}")


def _require_short_rows(archive: _Archive, name: str) -> None:
    between, tail = 0, b""
    with archive.open(name) as source:
        while block := source.read(_BLOCK):
            last = (tail + block).rfind(_ROW_END)
            between = between + len(block) if last < 0 else len(tail) + len(block) - last
            if between > MOST_BETWEEN_ROWS:
                raise Refused(f"A row of the workbook is too long to be read. {SAVE_AS_CSV}")
            tail = block[-len(_ROW_END) :]


def _guarded(read: Callable[[], Any]) -> Any:
    """Return what ``read`` returns. Raise Refused for whatever openpyxl stumbles over in a damaged or hostile file."""
    try:
        return read()
    except (Refused, MemoryError):
        raise
    except Exception:
        raise Refused(_DAMAGED) from None
