"""Reading XLSX workbooks: the first visible worksheet, in bounded memory however its parts are compressed."""

import posixpath
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Any, BinaryIO

import defusedxml
from defusedxml.ElementTree import ParseError, fromstring

from integrations.bulk.files.readers.numbers import Formats
from integrations.bulk.files.readers.sheets import SheetReader
from integrations.bulk.files.readers.strings import SharedStrings
from integrations.bulk.files.readers.tables import SAVE_AS_CSV, Row, Table, from_rows
from portal.core.errors import Refused

#: The largest parts after decompression, in bytes: those that are read whole, and those that are read as streams.
MOST_WHOLE, MOST_STREAMED = 8 * 1024 * 1024, 2 * 1024 * 1024 * 1024
_DAMAGED = "The workbook is damaged. Save it again and upload it."
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_STRICT_RELATION = "{http://purl.oclc.org/ooxml/officeDocument/relationships}id"


def open_table(file: BinaryIO) -> Table:
    """Return the table in a workbook. Raise Refused."""
    file.seek(0)
    try:
        workbook = _Workbook(zipfile.ZipFile(file))
        table = from_rows(workbook.rows(), [])
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, OSError, EOFError):
        raise Refused(_DAMAGED) from None
    return Table(table.heads, workbook.notes, table.rows)


class _Workbook:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = {name.lower(): name for name in archive.namelist()}
        self._path = self._find("xl/workbook.xml")
        root = self._parse(self._path)
        self._targets = self._relations()
        sheets = [element for element in root.iter() if _local(element) == "sheet"]
        visible = [sheet for sheet in sheets if sheet.get("state", "visible") == "visible"]
        worksheets = [sheet for sheet in visible if "worksheets/" in self._target(sheet)]
        if not worksheets:
            raise Refused("The workbook has no visible worksheet.")
        self._sheet = self._target(worksheets[0])
        self.notes = [f"Worksheet: “{worksheets[0].get('name', '')[:60]}”."]
        if len(worksheets) > 1:
            self.notes.append(f"The other {len(worksheets) - 1} worksheets of the workbook aren't read.")
        properties = next((element for element in root.iter() if _local(element) == "workbookPr"), None)
        is_1904 = properties is not None and properties.get("date1904") in ("1", "true")
        self._formats = self._read_formats(since_1904=is_1904)

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the worksheet."""
        strings = self._names.get("xl/sharedstrings.xml")
        shared = SharedStrings(self._open(strings) if strings else None)
        with self._open(self._sheet) as source:
            yield from SheetReader(source, strings=shared, formats=self._formats).rows()

    def _relations(self) -> dict[str, str]:
        folder, name = posixpath.split(self._path)
        root = self._parse(self._find(f"{folder}/_rels/{name}.rels"))
        return {element.get("Id", ""): element.get("Target", "") for element in root}

    def _target(self, sheet: Any) -> str:
        target = self._targets.get(sheet.get(_RELATION) or sheet.get(_STRICT_RELATION) or "", "")
        folder = posixpath.dirname(self._path)
        return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{folder}/{target}")

    def _read_formats(self, *, since_1904: bool) -> Formats:
        name = self._names.get("xl/styles.xml")
        codes: dict[int, str] = {}
        styles: list[int] = []
        for element in self._parse(name) if name else ():
            if _local(element) == "numFmts":
                for each in element:
                    codes[_number(each.get("numFmtId"))] = each.get("formatCode", "")[:255]
            elif _local(element) == "cellXfs":
                styles = [_number(each.get("numFmtId")) for each in element]
        return Formats(codes, styles, since_1904=since_1904)

    def _find(self, name: str) -> str:
        found = self._names.get(name.lower())
        if found is None:
            raise Refused(_DAMAGED)
        return found

    def _parse(self, name: str) -> Any:
        if self._archive.getinfo(name).file_size > MOST_WHOLE:
            raise Refused(f"The workbook has too many formats or worksheets to be read. {SAVE_AS_CSV}")
        try:
            return fromstring(self._archive.read(name), forbid_dtd=True)
        except (ParseError, defusedxml.DefusedXmlException, ValueError):
            raise Refused(_DAMAGED) from None

    def _open(self, name: str) -> IO[bytes]:
        """Open a part. `zipfile` never returns more bytes than the archive's list says, so this bounds them."""
        if self._archive.getinfo(self._find(name)).file_size > MOST_STREAMED:
            raise Refused(f"The workbook is too large to be read. {SAVE_AS_CSV}")
        return self._archive.open(self._find(name))


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0
