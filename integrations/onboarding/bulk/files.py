"""Reading a file of organizations: from bytes to cells by column, or one sentence that says what to do about the file.

No sentence repeats anything that stands in the file: a cell in the wrong place may be a secret.
"""

import csv
import io
from dataclasses import dataclass

from portal.core.errors import Refused

#: Bytes of the largest file, and its most rows and columns.
LARGEST, MOST_ROWS, MOST_COLUMNS = 1_000_000, 2000, 50
REQUIRED = ("name", "client_id", "client_secret")
COLUMNS = ("name", "environment", "client_id", "client_secret", "admin_email")
DELIMITERS = ",;\t"
SAVE_AS_CSV = "Save it as “CSV UTF-8” in your spreadsheet program and upload that file."

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"7z\xbc\xaf", b"%PDF")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, repr=False)
class Record:
    """A row of the file. ``number`` is as a spreadsheet counts, with the header as row 1."""

    number: int
    cells: dict[str, str]  #: by column; columns that the file does not have are empty
    is_shifted: bool  #: it has more cells than the header, so nobody knows what is what


def template() -> str:
    """A file to fill in: the header alone."""
    return ",".join(COLUMNS) + "\r\n"


def read(content: bytes) -> list[Record]:
    """The rows of a CSV file, without the empty ones. Raises Refused with a sentence about the file as a whole."""
    text = _text(content)
    header_line = text.lstrip("\r\n").split("\n", 1)[0].split("\r", 1)[0]
    delimiter = _delimiter(header_line)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    records: list[Record] = []
    try:
        for number, cells in enumerate(reader, start=1):
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header(cells)
                continue
            records.append(_record(number, header, cells))
            if len(records) > MOST_ROWS:
                raise Refused(
                    f"The file has more than {MOST_ROWS:,} rows. Split it into several and upload them in turn."
                )
    except csv.Error:
        raise Refused(
            f"The file can't be read around line {reader.line_num}: a quotation mark that is not closed, or a cell that "
            "is far too long. Correct that line and upload the file again."
        ) from None
    if not records:
        raise Refused("The file has no rows below its header. Fill in one row for each organization.")
    return records


def _text(content: bytes) -> str:
    """The file as text. Raises Refused for what is no text in UTF-8."""
    if len(content) > LARGEST:
        raise Refused("The file is larger than 1 MB. Split it into several and upload them in turn.")
    if content.startswith(_ARCHIVES):
        raise Refused(
            f"This is a workbook or an archive, not a CSV file, whatever its name says. {SAVE_AS_CSV}"
        )
    if content.startswith(_WIDE):
        raise Refused(f"The file is written in UTF-16 (“Unicode text”). {SAVE_AS_CSV}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise Refused(
            f"Either this is no CSV file, or it is not written in UTF-8: line {line} has other characters. {SAVE_AS_CSV}"
        ) from None
    if "\0" in text:
        raise Refused(f"The file holds characters that no text has. {SAVE_AS_CSV}")
    if not text.strip():
        raise Refused("The file is empty. Download the template, fill in one row for each organization.")
    return text


def _delimiter(line: str) -> str:
    """What separates the cells of the header: whatever makes most columns of it that are known."""
    return max(DELIMITERS, key=lambda delimiter: len(set(_names(line, delimiter)) & set(COLUMNS)))


def _names(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line[:10_000]], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [_name(cell) for cell in cells]


def _name(cell: str) -> str:
    """A column's name as it is compared: “Client ID” is client_id."""
    return "_".join(cell.replace("-", " ").replace("_", " ").lower().split())


def _listed(names: list[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)


def _header(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise Refused(
            f"The first row has more than {MOST_COLUMNS} columns. Download the template: it has {len(COLUMNS)}."
        )
    names = [_name(cell) for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Refused(
            f"The first row must name the columns, and it lacks {_listed(missing)}. Download the template: it has "
            "the names as they must be."
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise Refused(f"The first row names {_listed(twice)} twice. Keep one column of each.")
    return names


def _record(number: int, header: list[str], cells: list[str]) -> Record:
    found = dict(zip(header, cells, strict=False))
    return Record(
        number=number,
        cells={name: found.get(name, "") for name in COLUMNS},
        is_shifted=any(cell.strip() for cell in cells[len(header) :]),
    )
