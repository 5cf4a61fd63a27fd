"""CSV files that are written line by line and that spreadsheets open safely."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

#: Spreadsheets run a cell that begins with one of these as a formula. See OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def encoded(lines: Iterable[list[str]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file in UTF-8, with the byte order mark by which Excel knows the encoding."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for line in lines:
        yield writer.writerow([neutralized(text) for text in line]).encode()


def neutralized(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: a leading apostrophe makes it text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class _Echo:
    """A file whose ``write`` returns what it is given: `csv.writer` then returns each line."""

    def write(self, text: str) -> Any:
        return text
