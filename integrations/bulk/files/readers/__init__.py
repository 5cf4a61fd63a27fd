"""Reading CSV and XLSX files row by row, or saying in one sentence what is wrong with them."""

from typing import BinaryIO

from integrations.bulk.files.readers import kinds, text, workbook
from integrations.bulk.files.readers.tables import Row, Table

__all__ = ["Row", "Table", "open_table"]


def open_table(file: BinaryIO) -> Table:
    """Return the table in a file: its heads, and an iterator over its rows that reads as it goes.

    Raise Refused with a sentence if the file can't be read. The iterator may raise it too, at a later row.
    """
    return workbook.open_table(file) if kinds.is_workbook(file) else text.open_table(file)
