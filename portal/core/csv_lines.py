"""CSV files that are written line by line and that spreadsheets open safely."""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import Any

#: Spreadsheets run a cell that begins with one of these as a formula. See OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: A formula within a cell, where spreadsheets that separate cells by semicolons or tabs begin a new one. To them, our
#: quotation marks stand in the middle of a cell and don't keep it together.
_INNER_FORMULA = re.compile(r'(?<=[;\t\r\n])(?=[ "]*[=+\-@＝＋－＠])')
#: The apostrophe that `neutralized` puts there.
_INNER_APOSTROPHE = re.compile(r"""(?<=[;\t\r\n])'(?=[ "]*[=+\-@＝＋－＠])""")


def encoded(lines: Iterable[list[str]]) -> Iterator[bytes]:
    """Yield the lines of a CSV file in UTF-8, with the byte order mark by which Excel knows the encoding."""
    writer = csv.writer(_Echo())
    yield b"\xef\xbb\xbf"
    for line in lines:
        yield writer.writerow([neutralized(text) for text in line]).encode()


def neutralized(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula, whatever its separator: an apostrophe makes it text."""
    inner = _INNER_FORMULA.sub("'", text)
    return f"'{inner}" if inner.startswith(_FORMULA) else inner


def without_inner_apostrophes(text: str) -> str:
    """Return a text without the apostrophes that `neutralized` put within it. A leading one stays."""
    return _INNER_APOSTROPHE.sub("", text)


class _Echo:
    """A file whose ``write`` returns what it is given: `csv.writer` then returns each line."""

    def write(self, text: str) -> Any:
        return text
