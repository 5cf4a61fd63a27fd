"""Numbers and dates of a workbook as the text that a person sees."""

import datetime as dt
import re
from decimal import Decimal, InvalidOperation

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

#: A format such as 00000 or 00000-0000, by which ZIP codes keep their zeros.
_MASK = re.compile(r"[0()\-./ ]*0[0()\-./ ]*")
_PERCENT = re.compile(r"[#,]*0(?:\.(0+))?%")
#: Spreadsheets show and keep so many digits of a number.
_DIGITS = 15
_PLAIN = re.compile(r"-?[0-9]{1,15}")


class Formats:
    """The number formats of a workbook's cells."""

    def __init__(self, codes: dict[int, str], styles: list[int], *, since_1904: bool) -> None:
        """``codes`` are the workbook's own formats by their IDs, ``styles`` the format's ID of each style."""
        self._codes = [codes.get(id) or BUILTIN_FORMATS.get(id, "General") for id in styles]
        self._are_dates = [is_date_format(code) for code in self._codes]
        self._epoch = MAC_EPOCH if since_1904 else WINDOWS_EPOCH

    def text(self, number: str, style: int) -> str:
        """Return a number, given as it is stored, as its style shows it."""
        code = self._codes[style] if 0 <= style < len(self._codes) else "General"
        if code == "General" and _PLAIN.fullmatch(number):
            return number
        try:
            value = Decimal(number)
        except InvalidOperation:
            return number
        if not value.is_finite():
            return number
        if 0 <= style < len(self._are_dates) and self._are_dates[style]:
            found = self._date(value)
            if found:
                return found
        return _formatted(value, code)

    def _date(self, value: Decimal) -> str:
        try:
            found = from_excel(float(value), self._epoch)
        except (ValueError, OverflowError, TypeError):
            return ""
        if isinstance(found, dt.datetime):
            return found.date().isoformat() if found.time() == dt.time() else found.isoformat(" ", "seconds")
        return found.isoformat() if isinstance(found, dt.time) else ""


def _formatted(value: Decimal, code: str) -> str:
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
