"""What kind of file was uploaded, whatever its name says."""

import zipfile
from typing import BinaryIO

from integrations.bulk.files.readers.tables import SAVE_AS_CSV
from portal.core.errors import Refused

_HEAD = 4096
#: The end of a ZIP archive: 22 bytes and a comment of up to 64 KiB.
_ZIP_END = b"PK\x05\x06"
_ZIP_END_SIZE, _ZIP_COMMENT = 22, 64 * 1024
#: The most files in a workbook, and the most bytes of their list. An archive's list is read into memory.
MOST_PARTS, MOST_LIST_BYTES = 10_000, 2 * 1024 * 1024
_ZIP, _OLE = (b"PK\x03\x04", b"PK\x05\x06"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BLOCK = 1024 * 1024
#: Beginnings of files that are no tables, and what they are.
_OTHERS = (
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a text document"),
    (b"SQLite format 3", "a database"),
)
_MARKUP = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head")


def is_workbook(file: BinaryIO) -> bool:
    """Return whether a file is an XLSX workbook; otherwise it is text. Raise Refused if it is neither."""
    file.seek(0)
    head = file.read(_HEAD)
    if not head.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        if not head.strip(b" \t\r\n\xef\xbb\xbf"):
            return False  # empty, and text says so
        raise Refused(f"This is not a CSV or XLSX file. {SAVE_AS_CSV}")
    if head.startswith(_ZIP):
        _require_workbook(file)
        return True
    if head.startswith(_OLE):
        if _contains(file, _ENCRYPTED):
            raise Refused("The workbook is protected by a password. Remove the password and upload it again.")
        raise Refused(
            f"This is a workbook in the old .xls format. Save it as .xlsx and upload that. Or: {SAVE_AS_CSV}"
        )
    for start, what in _OTHERS:
        if head.startswith(start):
            raise Refused(f"This is {what}, not a CSV or XLSX file. {SAVE_AS_CSV}")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_MARKUP):
        raise Refused(
            f"This is a web page or an XML file, whatever its name says. Open it in your spreadsheet program. {SAVE_AS_CSV}"
        )
    return False


def _require_workbook(file: BinaryIO) -> None:
    size = file.seek(0, 2)
    file.seek(max(0, size - _ZIP_END_SIZE - _ZIP_COMMENT))
    tail = file.read()
    at = tail.rfind(_ZIP_END)
    end = tail[at : at + _ZIP_END_SIZE] if at >= 0 else b""
    if len(end) < _ZIP_END_SIZE:
        raise Refused("The file is incomplete. Upload it again.")
    if (
        int.from_bytes(end[10:12], "little") > MOST_PARTS
        or int.from_bytes(end[12:16], "little") > MOST_LIST_BYTES
    ):
        raise Refused(f"The workbook has too many parts to be read. {SAVE_AS_CSV}")
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise Refused("The file is damaged. Save it again and upload it.") from None
    if "xl/workbook.bin" in names:
        raise Refused(f"This is a workbook in the .xlsb format. {SAVE_AS_CSV}")
    if "mimetype" in names or "content.xml" in names:
        raise Refused(f"This is an OpenDocument file. {SAVE_AS_CSV}")
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise Refused(f"This is an archive or a document, not a CSV or XLSX file. {SAVE_AS_CSV}")


def _contains(file: BinaryIO, wanted: bytes) -> bool:
    file.seek(0)
    tail = b""
    while block := file.read(_BLOCK):
        if wanted in tail + block:
            return True
        tail = block[-len(wanted) :]
    return False
