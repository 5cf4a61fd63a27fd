"""A table read from a file: its heads, its rows, and the limits of both."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.core import text
from portal.core.errors import Refused

#: The most rows of a file without its head, and the most columns.
MOST_ROWS, MOST_COLUMNS = 500_000, 200
#: The most rows with and without content, for each row that may have content.
BLANK_ROWS = 3
#: The most cells of a workbook: 500,000 rows of 12 columns. It is read in one slice of a job, which ends after 240 seconds,
#: and openpyxl takes up to 25 µs for a cell.
MOST_CELLS = 6_000_000
#: The longest head that is shown. Longer ones are cut.
LONGEST_HEAD = 80
#: A cell of the first row with so many digits is a phone number or an ID, not the name of a column.
DIGITS_OF_DATA = 7
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SAVE_AS_CSV = "Save it as “CSV UTF-8” in your spreadsheet program and upload that file."


class Row(NamedTuple):
    """A row of a file. ``number`` counts as spreadsheets do. ``cells`` may be fewer or more than the heads."""

    number: int
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """A table in a file. ``notes`` say what was assumed about the file, a short sentence each."""

    heads: list[str]
    notes: list[str]
    rows: Iterator[Row]


def letter(column: int) -> str:
    """Return the letters by which spreadsheets name a column, given its position from 0."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def from_rows(rows: Iterable[Row], notes: list[str]) -> Table:
    """Return the table whose first row with content has the heads. Raise Refused if there is none."""
    content = _with_content(rows)
    head = next(content, None)
    if head is None:
        raise Refused("The file is empty. Add a row of column names, and one row for each contact.")
    return Table(heads_of(head), notes, _limited(content))


def heads_of(row: Row) -> list[str]:
    """Return the names of the columns. Those without a name or with the same name are told apart by their letters.

    Raise Refused for too many columns and for a row that has a contact instead of names.
    """
    names = [text.clean(cell)[:LONGEST_HEAD] for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise Refused(
            f"The file has {len(names):,} columns. At most {MOST_COLUMNS} can be read. Delete the columns you don't need."
        )
    for column, name in enumerate(names):
        if _is_data(name):
            raise Refused(
                f"Row {row.number} must contain the names of the columns, but column {letter(column)} looks like the "
                "data of a contact. Insert a row with names above it."
            )
    return _told_apart(names)


def _is_data(name: str) -> bool:
    digits = sum(letter.isdigit() for letter in name)
    return bool(_ADDRESS.fullmatch(name)) or (digits >= DIGITS_OF_DATA and not any(map(str.isalpha, name)))


def _told_apart(names: Sequence[str]) -> list[str]:
    folded = [name.casefold() for name in names]
    several = {name for name in folded if name and folded.count(name) > 1}
    found = []
    for column, name in enumerate(names):
        if not name:
            found.append(f"Column {letter(column)}")
        elif folded[column] in several:
            found.append(f"{name} (column {letter(column)})")
        else:
            found.append(name)
    return found


def _with_content(rows: Iterable[Row]) -> Iterator[Row]:
    most = BLANK_ROWS * MOST_ROWS
    for count, row in enumerate(rows, start=1):
        if count > most:
            raise Refused(f"The file has more than {most:,} rows with the blank ones. Delete the blank rows.")
        if any(cell.strip() for cell in row.cells):
            yield row


def _limited(rows: Iterator[Row]) -> Iterator[Row]:
    for count, row in enumerate(rows, start=1):
        if count > MOST_ROWS:
            raise Refused(
                f"The file has more than {MOST_ROWS:,} rows. Split it and upload the parts one after another."
            )
        yield row
