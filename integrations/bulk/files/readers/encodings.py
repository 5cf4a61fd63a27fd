"""Which encoding a text file is in. The whole file decides between UTF-8 and others, a sample between the others."""

import codecs
import re
from typing import BinaryIO

import charset_normalizer

from integrations.bulk.files.readers.tables import SAVE_AS_CSV
from portal.core.errors import Refused

_BLOCK = 1024 * 1024
_SAMPLE = 32 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Encodings that spreadsheet programs save texts in, beside UTF-8 and UTF-16.
_CANDIDATES = [
    "cp1252",
    "mac_roman",
    "cp1250",
    "cp1251",
    "cp1253",
    "cp1255",
    "cp1256",
    "cp932",
    "gb18030",
    "big5",
    "cp949",
]
#: Text has hardly any zero bytes. Rows with one are refused later.
_FEW_ZEROS = 0.02
_HIGH = re.compile(rb"[\x80-\xff]+")
#: In Western European texts, letters with accents stand alone or in pairs among plain ones.
_RUN = 3
_LABELS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252 (Western European)",
    "mac_roman": "Mac Roman",
    "cp1250": "Windows-1250 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "cp1253": "Windows-1253 (Greek)",
    "cp1255": "Windows-1255 (Hebrew)",
    "cp1256": "Windows-1256 (Arabic)",
    "cp932": "Shift JIS (Japanese)",
    "gb18030": "GB 18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp949": "Korean",
    "latin_1": "Latin-1 (Western European)",
}


def detect(file: BinaryIO) -> str:
    """Return the name of a file's encoding, as Python knows it. Raise Refused if it can't be text."""
    file.seek(0)
    head = file.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if head.count(0) > _FEW_ZEROS * len(head):
        return _without_mark(head)
    sample = _other_than_utf8(file)
    return "utf-8" if sample is None else _guess(sample)


def label(name: str) -> str:
    """Return what people call an encoding."""
    return _LABELS.get(name, name)


def is_certain(name: str) -> bool:
    """Return whether a file says its encoding itself, or could hardly be in another."""
    return name.startswith("utf")


def _without_mark(head: bytes) -> str:
    """Return the kind of UTF-16 by where the zero bytes of plain letters are."""
    even, odd = head[0::2], head[1::2]
    for name, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros.count(0) > 0.5 * len(zeros) and others.count(0) < 0.05 * len(others):
            return name
    raise Refused(f"This is not a CSV or XLSX file: it contains bytes that no text contains. {SAVE_AS_CSV}")


def _other_than_utf8(file: BinaryIO) -> bytes | None:
    """Return None if a file is in UTF-8, or else some of its lines with letters beyond ASCII."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, sample = True, bytearray()
    while block := file.read(_BLOCK):
        if is_utf8:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                is_utf8 = False
        if not block.isascii() and len(sample) < _SAMPLE:
            for line in block.splitlines(keepends=True):
                if not line.isascii():
                    sample += line[:1024]
                if len(sample) >= _SAMPLE:
                    break
        if not is_utf8 and len(sample) >= _SAMPLE:
            return bytes(sample)
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return bytes(sample)
    return None if is_utf8 else bytes(sample)


def _guess(sample: bytes) -> str:
    runs = _HIGH.findall(sample)
    isolated = sum(len(run) < _RUN for run in runs)
    if isolated >= 0.7 * len(runs) and _is_western(sample):
        return "cp1252"
    found = charset_normalizer.from_bytes(sample, cp_isolation=_CANDIDATES).best()
    if found is not None:
        return found.encoding
    return "latin_1"


def _is_western(sample: bytes) -> bool:
    """Return whether what Windows-1252 makes of a sample are mostly letters in lower case within words."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return False
    places = [place for place, letter in enumerate(text) if ord(letter) > 0x7F]
    good = 0
    for place in places:
        letter, before = text[place], text[place - 1 : place]
        if letter.isalpha():
            good += letter.islower() or not (before.isalpha() and before.islower())
        else:
            good += letter in "’‘“”–—…€£°·«»®©™ \u00a0º½¼¾§ªº¿¡" and not (
                before.isalpha() and text[place + 1 : place + 2].isalpha() and letter not in "’‘"
            )
    return good >= 0.9 * len(places)
