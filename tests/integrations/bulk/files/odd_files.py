"""Files as people upload them, made on the spot."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import xlsxwriter

Rows = Sequence[Sequence[Any]]
HEADS = ["First name", "Last name", "Email"]
ROW = ["Ann", "Quill", "ann@example.com"]


def xlsx(rows: Rows, *, setup: Callable[[Any, Any], None] | None = None, **options: Any) -> bytes:
    """A workbook with these rows in its first worksheet."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, **options}) as workbook:
        sheet = workbook.add_worksheet("Contacts")
        for number, row in enumerate(rows):
            for place, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, place, value)
                elif value is not None:
                    sheet.write(number, place, value)
        if setup:
            setup(workbook, sheet)
    return file.getvalue()


def changed(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one part changed, or left out if ``change`` returns nothing."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            if info.filename == name:
                data = change(data)
            if data:
                new.writestr(info.filename, data)
    return file.getvalue()


def archive(**parts: bytes) -> bytes:
    """A ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name, data in parts.items():
            new.writestr(name.replace("__", "/"), data)
    return file.getvalue()


def sheet(cells: str) -> bytes:
    """A workbook with this XML in its worksheet."""
    body = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        f"{cells}</sheetData></worksheet>"
    )
    return changed(xlsx([HEADS, ROW]), "xl/worksheets/sheet1.xml", lambda _: body.encode())


def ole(*, encrypted: bool) -> bytes:
    """The beginning of an old workbook, or of one with a password."""
    name = "EncryptedPackage" if encrypted else "Workbook"
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600_000) + name.encode("utf-16-le") + bytes(600)


def renamed(content: bytes, old: str, new: str) -> bytes:
    """A workbook with one part under another name, to which all its references lead."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as book,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for info in book.infolist():
            data = book.read(info)
            for leading in (
                "/",
                "",
            ):  # from the root in the list of types, from the workbook in its relations
                was, becomes = (
                    leading + name if leading else name.removeprefix("xl/") for name in (old, new)
                )
                data = data.replace(f'"{was}"'.encode(), f'"{becomes}"'.encode())
            made.writestr(new if info.filename == old else info.filename, data)
    return file.getvalue()
