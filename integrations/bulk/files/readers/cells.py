"""Cells of a worksheet as the text that a person sees."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

#: A format such as 00000 or 00000-0000, by which ZIP codes keep their zeros.
_MASK = re.compile(r"[0()\-./ ]*0[0()\-./ ]*")
_PERCENT = re.compile(r"[#,]*0(?:\.(0+))?%")
#: Longer formats are none of these. The time that a search of one takes grows with the square of its length.
_LONGEST_FORMAT = 64
#: Spreadsheets show and keep so many digits of a number.
_DIGITS = 15


def text_of(cell: Any) -> str:
    """Return what a cell of a worksheet shows."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, int) and cell.number_format == "General":
        return str(value)
    if isinstance(value, (int, float)):
        number = Decimal(repr(value))
        return _formatted(number, cell.number_format) if number.is_finite() else str(value)
    return str(value)


def _formatted(value: Decimal, code: str) -> str:
    if len(code) > _LONGEST_FORMAT:
        return _plain(value)
    percent = _PERCENT.fullmatch(code)
    if percent:
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    shown = code.replace("\\", "").replace('"', "")
    if value >= 0 and value == value.to_integral_value() and shown.count("0") > 1 and _MASK.fullmatch(shown):
        return _masked(str(int(value)), shown)
    return _plain(value)


def _masked(digits: str, mask: str) -> str:
    """Return digits in a mask of zeros, from the right, with zeros where there are too few."""
    left, found = list(digits), []
    for letter in reversed(mask):
        found.append((left.pop() if left else "0") if letter == "0" else letter)
    return "".join(left) + "".join(reversed(found))


def _plain(value: Decimal) -> str:
    """Return a number without an exponent, a needless “.0”, or the digits beyond what spreadsheets show."""
    if abs(value.adjusted()) > 300:
        return str(value)
    rounded = Decimal(f"{value:.{_DIGITS}g}") if value else Decimal(0)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
