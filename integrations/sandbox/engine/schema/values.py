"""How values are read: text, numbers, flags and dates as the vendor takes them, and telephone numbers by
their digits.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from ..responses import Refusal
from .resource import Field, Kind

MOMENT = "%Y-%m-%d %H:%M:%S"
_CLEARED = ("0000-00-00 00:00:00", "0000-00-00")
_TRUE, _FALSE = ("true", "1"), ("false", "0")
SHORTEST_PHONE = 7
_LARGEST = 2**63


def read(field: Field, value: Any) -> Any:
    """The value to store for what a client sent. Raises `Refusal` (422) for what can't be one of its kind."""
    if value is None:
        return None
    if field.kind is Kind.ANY:
        return value
    if isinstance(value, (dict, list)):
        raise _invalid(field, value)
    parsed = _READERS[field.kind](field, value)
    if field.choices and parsed not in (None, "") and str(parsed) not in field.choices:
        raise _invalid(field, value)
    return parsed


def _invalid(field: Field, value: Any) -> Refusal:
    return Refusal(422, f"Invalid value for attribute: '{field.name}'")


def _text(field: Field, value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _number(field: Field, value: Any) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (int, float)):
        return _storable(field, value)
    text = str(value).strip()
    if not text:
        return None
    try:
        return _storable(field, int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text))
    except ValueError:
        raise _invalid(field, value) from None


def _storable(field: Field, number: int | float) -> int | float:
    if not abs(number) < _LARGEST:
        raise _invalid(field, number)
    return number


def flag(value: Any) -> bool | None:
    """True or False for the vendor's ways to write them, otherwise None."""
    text = str(value).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _flag(field: Field, value: Any) -> bool:
    parsed = flag(value)
    if parsed is None:
        raise _invalid(field, value)
    return parsed


def moment(text: str) -> dt.datetime | None:
    """A moment written in ISO 8601 or as `YYYY-MM-DD hh:mm:ss`, in UTC; None where it is neither."""
    try:
        parsed = dt.datetime.fromisoformat(text.strip())
        return parsed.replace(tzinfo=dt.UTC) if parsed.tzinfo is None else parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def stamp(moment: dt.datetime) -> str:
    """A moment as it is stored and sent, `YYYY-MM-DD hh:mm:ss`, the year with four digits whichever it is."""
    return moment.replace(tzinfo=None, microsecond=0).isoformat(" ")


def stamp_of(seconds: float) -> str:
    """The same for seconds since 1970."""
    return stamp(dt.datetime.fromtimestamp(seconds, dt.UTC))


def iso(stored: str) -> str:
    """A stored moment as the newer parts of the API write it, e.g. `2026-01-31T09:00:00.000000Z`."""
    return f"{stored.replace(' ', 'T')}.000000Z"


def _moment(field: Field, value: Any) -> str | None:
    text = str(value).strip()
    if text in _CLEARED or not text:
        return None
    parsed = moment(text)
    if parsed is None:
        raise _invalid(field, value)
    if field.kind is Kind.BIRTHDAY:
        return f"1970-{parsed.month:02}-{parsed.day:02}"
    return stamp(parsed)[:10] if field.kind is Kind.DAY else stamp(parsed)


_READERS = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.DAY: _moment,
    Kind.MOMENT: _moment,
    Kind.BIRTHDAY: _moment,
    Kind.STAMP: _moment,
}


def digits(value: Any) -> str:
    """The digits of a telephone number; empty where there are fewer than seven, which compare to nothing."""
    found = "".join(filter(str.isdigit, str(value or "")))
    return found if len(found) >= SHORTEST_PHONE else ""
