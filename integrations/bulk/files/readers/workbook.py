"""Reading XLSX workbooks with openpyxl: the first visible worksheet, row by row.

openpyxl holds one row, and all texts that cells share, in memory. So the sizes of parts and rows are checked first.
"""

import warnings
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, BinaryIO

import openpyxl

from integrations.bulk.files.readers import cells
from integrations.bulk.files.readers.tables import MOST_CELLS, SAVE_AS_CSV, Row, Table, from_rows
from portal.core.errors import Refused

#: The largest parts after decompression, in bytes: worksheets, the shared texts, and others.
MOST_SHEET, MOST_TEXTS, MOST_OTHER = 1024 * 1024 * 1024, 128 * 1024 * 1024, 8 * 1024 * 1024
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
    with zipfile.ZipFile(file) as archive:
        _guarded(lambda: _require_bounded(archive))
    file.seek(0)
    workbook = _guarded(
        lambda: openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    )
    visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    if not visible:
        raise Refused("The workbook has no visible worksheet.")
    notes = [f"Worksheet: “{visible[0].title[:60]}”."]
    if len(visible) > 1:
        notes.append(f"The other {len(visible) - 1} worksheets of the workbook aren't read.")
    return from_rows(_rows(visible[0]), notes)


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


def _require_bounded(archive: zipfile.ZipFile) -> None:
    """Raise Refused for parts that don't fit into memory. `zipfile` never returns more than the archive's list says."""
    for part in archive.infolist():
        name = part.filename.lower()
        if name.startswith("xl/worksheets/") and name.endswith(".xml"):
            if part.file_size > MOST_SHEET:
                raise Refused(f"The workbook is too large to be read. {SAVE_AS_CSV}")
            _require_short_rows(archive, part)
        elif name.endswith("sharedstrings.xml"):
            if part.file_size > MOST_TEXTS:
                raise Refused(f"The workbook has too much text to be read. {SAVE_AS_CSV}")
        elif name.endswith((".xml", ".rels")) and part.file_size > MOST_OTHER:
            raise Refused(f"The workbook has too many formats or worksheets to be read. {SAVE_AS_CSV}")
        if name.endswith((".xml", ".rels")):
            _require_no_declarations(archive, part)


def _require_no_declarations(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Raise Refused for XML with a document type, which no workbook has. defusedxml refuses its entities besides."""
    with archive.open(part) as source:
        if b"<!DOCTYPE" in source.read(_HEAD):
            raise Refused(_DAMAGED)


def _require_short_rows(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    between, tail = 0, b""
    with archive.open(part) as source:
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
