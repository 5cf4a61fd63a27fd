"""Parse JSON values into Python types. A value that can't be parsed is None or empty; nothing raises."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

#: The largest id that fits a database's bigint column.
MAX_ID = 2**63 - 1
#: Above this, a float may stand for another whole number than the one that was meant.
MAX_EXACT_FLOAT = 2**53
#: A longer text is no number and no time, whatever it says.
MAX_LENGTH = 100

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII | re.IGNORECASE
)
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


def text(value: Any) -> str:
    """Return text unchanged, a number as text, and anything else as the empty string."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def required_text(value: Any) -> str | None:
    """Return text that is not blank, else None."""
    return value if isinstance(value, str) and value.strip() else None


def array(value: Any) -> list[Any] | None:
    """Return a list, as PHP writes it: also as an object with the keys "0", "1", …, and as anything empty.

    None means that the value is no list.
    """
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and all(key.isascii() and key.isdigit() and len(key) < 10 for key in value):
        return [value[key] for key in sorted(value, key=int)]
    return [] if value is None or value is False or value == "" else None


def mapping(value: Any) -> dict[str, Any] | None:
    """Return an object, as PHP writes it: an empty one also as ``[]``. None means that the value is no object."""
    if isinstance(value, dict):
        return value
    return {} if value == [] or value is None or value is False or value == "" else None


def integer(value: Any) -> int | None:
    """Return a whole number of at most 64 bits sent as a number or as text, such as 14 or "14"."""
    if isinstance(value, str):
        value = _digits_only(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_EXACT_FLOAT:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if abs(value) <= MAX_ID else None


def _digits_only(text: str) -> int | None:
    if len(text) > MAX_LENGTH:
        return None
    text = text.strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() else None


def integer_id(value: Any) -> int | None:
    """Return a positive whole number."""
    number = integer(value)
    return number if number and number > 0 else None


def text_id(value: Any) -> str | None:
    """Return a text id, as some resources have: 16 hexadecimal digits, a UUID, or a number as text."""
    if isinstance(value, str):
        is_id = 0 < len(value) <= 64 and value.isascii() and value.replace("-", "0").isalnum()
        return value if is_id else None
    number = integer_id(value)
    return str(number) if number else None


def decimal(value: Any) -> Decimal | None:
    """Return a number without an exponent, sent as a number or as text, such as "4.125"."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and len(value) > MAX_LENGTH:
        return None
    try:
        digits = value.strip() if isinstance(value, str) else f"{Decimal(repr(value)):f}"
    except (ValueError, ArithmeticError):  # an int with more digits than Python converts
        return None
    return Decimal(digits) if re.fullmatch(r"-?\d{1,18}(?:\.\d{1,18})?", digits, re.ASCII) else None


def boolean(value: Any) -> bool | None:
    """Return the value of a flag sent as true, 1, "1", "True" and the like; None means unknown."""
    if isinstance(value, float):
        value = integer(value)
    if isinstance(value, str | int):
        word = str(value)[:MAX_LENGTH].strip().lower()
        return True if word in _TRUE else False if word in _FALSE else None
    return None


def timestamp(value: Any) -> dt.datetime | None:
    """Return an aware datetime in UTC. The API's times have no time zone and are UTC.

    Zeros, "", and times of the years 1 and 9999 are None: they mean "no time", and in some zones they don't exist.
    """
    is_short = isinstance(value, str) and len(value) <= MAX_LENGTH
    match = _TIMESTAMP.fullmatch(value.strip()) if is_short else None
    if not match:
        return None
    day, time, zone = match.groups()
    try:
        parsed = dt.datetime.fromisoformat(f"{day}T{time or '00:00:00'}{(zone or 'Z').upper()}")
        moment = parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return moment if dt.MINYEAR < moment.year < dt.MAXYEAR else None


def date(value: Any) -> dt.date | None:
    """Return the date of a value that may also contain a time."""
    parsed = timestamp(value)
    return parsed.date() if parsed else None
