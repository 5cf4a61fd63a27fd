"""Read a CSV file of organizations, or say in one sentence what is wrong with it.

No sentence repeats the content of the file: a cell in the wrong place may be a secret.
"""

import csv
import io
from dataclasses import dataclass

from portal.core.errors import Refused

#: The limits of a file: bytes, rows and columns.
LARGEST, MOST_ROWS, MOST_COLUMNS = 1_000_000, 2000, 50
REQUIRED = ("name", "client_id", "client_secret")
COLUMNS = ("name", "environment", "client_id", "client_secret", "admin_email")
DELIMITERS = ",;\t"
SAVE_AS_CSV = "Save it as “CSV UTF-8” in your spreadsheet program and upload that file."

_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"7z\xbc\xaf", b"%PDF")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, repr=False)
class Record:
    """A row of the file. ``number`` counts as spreadsheets do: the header is row 1."""

    number: int
    cells: dict[str, str]  #: by column; missing columns are empty
    is_shifted: bool  #: has more cells than the header, so cells can't be matched to columns


def template() -> str:
    """Return a file with only the header."""
    return ",".join(COLUMNS) + "\r\n"


def read(content: bytes) -> list[Record]:
    """Return the rows of a CSV file, without empty ones. Raise Refused with a sentence about the file."""
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
                    f"The file has more than {MOST_ROWS:,} rows. Split it and upload the parts one after another."
                )
    except csv.Error:
        raise Refused(
            f"The file can't be read near line {reader.line_num}: a quotation mark is not closed, or a cell is too long. "
            "Correct that line and upload the file again."
        ) from None
    if not records:
        raise Refused("The file has no rows below its header. Add one row for each organization.")
    return records


def _text(content: bytes) -> str:
    """Return the file as text. Raise Refused if it is not UTF-8 text."""
    if len(content) > LARGEST:
        raise Refused("The file is larger than 1 MB. Split it and upload the parts one after another.")
    if content.startswith(_ARCHIVES):
        raise Refused(f"This is a workbook or an archive, not a CSV file. {SAVE_AS_CSV}")
    if content.startswith(_WIDE):
        raise Refused(f"The file is in UTF-16 (“Unicode text”). {SAVE_AS_CSV}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise Refused(
            f"This is not a CSV file in UTF-8: line {line} contains other characters. {SAVE_AS_CSV}"
        ) from None
    if "\0" in text:
        raise Refused(f"The file contains characters that text files can't contain. {SAVE_AS_CSV}")
    if not text.strip():
        raise Refused("The file is empty. Download the template and add one row for each organization.")
    return text


def _delimiter(line: str) -> str:
    """Return the delimiter that splits the header into the most known columns."""
    return max(DELIMITERS, key=lambda delimiter: len(set(_names(line, delimiter)) & set(COLUMNS)))


def _names(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line[:10_000]], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [_name(cell) for cell in cells]


def _name(cell: str) -> str:
    """Return a column name in the form in which they are compared: “Client ID” is client_id."""
    return "_".join(cell.replace("-", " ").replace("_", " ").lower().split())


def _listed(names: list[str]) -> str:
    return " and ".join(f"“{name}”" for name in names)


def _header(cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS:
        raise Refused(
            f"The first row has more than {MOST_COLUMNS} columns. Use the template, which has {len(COLUMNS)}."
        )
    names = [_name(cell) for cell in cells]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise Refused(
            f"The first row must contain the column names. Missing: {_listed(missing)}. Use the names in the template."
        )
    twice = [name for name in COLUMNS if names.count(name) > 1]
    if twice:
        raise Refused(f"The first row contains {_listed(twice)} twice. Keep one column of each.")
    return names


def _record(number: int, header: list[str], cells: list[str]) -> Record:
    found = dict(zip(header, cells, strict=False))
    return Record(
        number=number,
        cells={name: found.get(name, "") for name in COLUMNS},
        is_shifted=any(cell.strip() for cell in cells[len(header) :]),
    )
