"""Reading JSON values as the types they mean. What can't be read is None, or empty; nothing raises."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

#: Ids beyond this do not fit a database's bigint.
LARGEST_ID = 2**63 - 1

_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def text(value: Any) -> str:
    """Text as it is, numbers as text, anything else as the empty text."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def integer(value: Any) -> int | None:
    """A whole number, also where it comes as text: 14 and "14"."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d{1,18}", value.strip(), re.ASCII) else None
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) <= LARGEST_ID else None
    return value if isinstance(value, int) and abs(value) <= LARGEST_ID else None


def identifier(value: Any) -> int | None:
    """A positive whole number."""
    number = integer(value)
    return number if number and number > 0 else None


def text_identifier(value: Any) -> str | None:
    """The textual ids of some resources: 16 hexadecimal digits, a UUID, or a number as text."""
    if isinstance(value, str):
        return value if re.fullmatch(r"[0-9A-Za-z-]{1,64}", value, re.ASCII) else None
    number = identifier(value)
    return str(number) if number else None


def name(value: Any) -> str | None:
    """A text that identifies something, so it is not empty."""
    return value if isinstance(value, str) and value.strip() else None


def decimal(value: Any) -> Decimal | None:
    """A number written in digits, with or without a fraction, also where it comes as text: "4.125"."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        written = value.strip() if isinstance(value, str) else f"{Decimal(repr(value)):f}"
    except (ValueError, ArithmeticError):  # an int longer than Python writes
        return None
    return Decimal(written) if re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?", written, re.ASCII) else None


def boolean(value: Any) -> bool | None:
    """True, 1, "1", "True" and the like; None where it is unknown."""
    if isinstance(value, float):
        value = integer(value)
    if isinstance(value, str | int):
        word = str(value).strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def moment(value: Any) -> dt.datetime | None:
    """A time in UTC, aware. The API's times have no zone and are UTC; zeros and empty texts are None."""
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match:
        return None
    day, clock, zone = match.groups()
    try:
        read = dt.datetime.fromisoformat(f"{day}T{clock or '00:00:00'}{(zone or 'Z').upper()}")
        return read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def day(value: Any) -> dt.date | None:
    """A date, with or without a time behind it."""
    read = moment(value)
    return read.date() if read else None
