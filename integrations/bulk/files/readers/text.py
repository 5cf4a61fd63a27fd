"""Reading CSV files: their encoding and delimiter are found, and their rows are read one after another."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO

from integrations.bulk.files.readers import encodings
from integrations.bulk.files.readers.tables import Row, Table, from_rows, letter
from portal.core.errors import Refused

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
#: Characters at the beginning of a file that decide about the delimiter.
_SAMPLE = 64 * 1024
_SAMPLE_ROWS = 50
#: The longest row, in characters with its line breaks, and the most cells in it: as many as Excel has columns.
LONGEST_ROW, MOST_CELLS = 1024 * 1024, 16_384
#: The first line by which Excel knows the delimiter.
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


def open_table(file: BinaryIO) -> Table:
    """Return the table in a text file. Raise Refused."""
    encoding = encodings.detect(file)
    file.seek(0)
    stream = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        sample = stream.read(_SAMPLE)
    except UnicodeError:
        raise _undecodable(encoding, 1) from None
    given = _SEPARATOR_LINE.fullmatch(sample.split("\n", 1)[0].split("\r", 1)[0])
    delimiter = given[1] if given else find_delimiter(sample)
    stream.seek(0)
    rows = _rows(stream, encoding, delimiter)
    if given:
        next(rows)
    guess = "" if encodings.is_certain(encoding) else " (assumed)"
    notes = [
        f"Encoding: {encodings.label(encoding)}{guess}.",
        f"Columns are separated by: {DELIMITERS.get(delimiter, delimiter)}.",
    ]
    return from_rows(rows, notes)


def find_delimiter(sample: str) -> str:
    """Return the delimiter that splits the first rows most evenly into several cells. The comma wins a tie.

    `csv.Sniffer` isn't asked: it takes letters and spaces for delimiters, and its time grows with the square of a sample.
    """
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> tuple[float, int]:
    widths: list[int] = []
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, strict=True)
    broken = False
    try:
        for cells in reader:
            if cells:
                widths.append(len(cells))
            if len(widths) == _SAMPLE_ROWS:
                break
    except csv.Error:
        broken = len(sample) < _SAMPLE or len(widths) < 2  # a long sample may end within quotation marks
    if not widths or widths[0] < 2:
        return 0.0, 0
    alike = Counter(widths)[widths[0]] / len(widths)
    return (alike / 2 if broken else alike), widths[0]


def _rows(stream: io.TextIOWrapper, encoding: str, delimiter: str) -> Iterator[Row]:
    lines = _Lines(stream)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        lines.begin_row(number)
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise Refused(_explain(str(problem), number, lines.of_row, delimiter)) from None
        except UnicodeError:
            raise _undecodable(encoding, number) from None
        if len(cells) > MOST_CELLS:
            raise Refused(f"Row {number} has more than {MOST_CELLS:,} cells. Check its separators.")
        yield Row(number, cells)


class _Lines:
    """The lines of a file for `csv.reader`, with those of the row that is being read."""

    def __init__(self, stream: io.TextIOWrapper) -> None:
        self._stream = stream
        self._number, self._length = 0, 0
        self._kept: list[str] = []

    @property
    def of_row(self) -> str:
        return "".join(self._kept)

    def begin_row(self, number: int) -> None:
        self._number, self._length = number, 0
        self._kept.clear()

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_ROW)
        if not line:
            raise StopIteration
        self._length += len(line)
        if self._length >= LONGEST_ROW:
            raise Refused(
                f"Row {self._number} is too long for a row of a table. Check the quotation marks in it."
            )
        self._kept.append(line)
        return line


def _explain(problem: str, number: int, lines: str, delimiter: str) -> str:
    """Return what is wrong with a row that can't be read, and in which column."""
    where = f"Row {number}, column {letter(_broken_column(lines, delimiter))}"
    if "expected after" in problem:
        return f"{where}: text follows a closing quotation mark. Double the quotation marks inside a cell."
    if "field limit" in problem or "unexpected end" in problem:
        return f"{where}: a quotation mark isn't closed, or a cell is too long. Correct that row."
    return f"{where}: the row can't be read. Check its quotation marks and line breaks."


def _broken_column(lines: str, delimiter: str) -> int:
    """Return the position of the cell in which reading a row failed."""
    column, is_quoted, begins = 0, False, True
    for place, character in enumerate(lines):
        if character == '"' and begins:
            is_quoted = True
        elif character == '"' and is_quoted:
            is_quoted = False
        elif character == '"' and lines[place - 1] == '"':
            is_quoted = True  # a doubled quotation mark
        elif not is_quoted and character == delimiter:
            column += 1
        elif not is_quoted and lines[place - 1 : place] == '"' and character not in "\r\n":
            return column
        begins = not is_quoted and character == delimiter
    return column


def _undecodable(encoding: str, number: int) -> Refused:
    return Refused(
        f"Row {number} or one after it contains characters that aren't {encodings.label(encoding)}. Save the file as "
        "“CSV UTF-8” and upload it again."
    )
