"""Chosen contacts as a CSV or XLSX file, written a chunk at a time so that memory stays flat."""

import tempfile
from collections.abc import Iterable, Iterator
from typing import IO

import xlsxwriter

from integrations.directory.browse import columns, keyset
from integrations.directory.browse.selection import Order
from integrations.directory.models import ContactQuerySet

#: Contacts read by one query.
CHUNK = 1000
#: The most contacts of a workbook. A browser gets its first byte when it is complete: 4,500 contacts take about a second.
MOST_XLSX_ROWS = 250_000
_ID = columns.COLUMNS["remote_id"]


def rows(contacts: ContactQuerySet, order: Order, shown: Iterable[str]) -> Iterator[list[str]]:
    """Yield the head and then the rows of an export: Total Expert's ID, the name and the columns ``shown``."""
    exported = [_ID, columns.NAME, *(columns.COLUMNS[name] for name in shown if name != "remote_id")]
    yield [column.heading for column in exported]
    for chunk in keyset.chunks(contacts, order, size=CHUNK):
        for contact in chunk:
            yield [column.text(contact) for column in exported]


def as_xlsx(lines: Iterable[list[str]]) -> IO[bytes]:
    """Return a temporary file, at its start, with the lines as a worksheet. It is deleted when it is closed."""
    file = tempfile.TemporaryFile()  # noqa: SIM115
    try:
        # xlsxwriter keeps the worksheet in a file of its own, which must go even if writing fails
        with tempfile.TemporaryDirectory() as folder:
            options = {"constant_memory": True, "tmpdir": folder}
            with xlsxwriter.Workbook(file, options) as workbook:
                sheet = workbook.add_worksheet("Contacts")
                for number, line in enumerate(lines):
                    for place, text in enumerate(line):
                        sheet.write_string(number, place, text)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file
