"""Parsing and formatting of values: strings, numbers, booleans, dates and phone numbers."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from ..errors import ApiError
from .fields import Field, FieldType

DATETIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_CLEARED = ("0000-00-00 00:00:00", "0000-00-00")
_TRUE, _FALSE = ("true", "1"), ("false", "0")
SHORTEST_PHONE = 7
_LARGEST = 2**63


def read(field: Field, value: Any) -> Any:
    """Return the value to store for what a client sent. Raise `ApiError` (422) if it doesn't fit the field."""
    if value is None:
        return None
    if field.type is FieldType.ANY:
        return value
    if isinstance(value, (dict, list)):
        raise _invalid(field, value)
    parsed = _READERS[field.type](field, value)
    if field.choices and parsed not in (None, "") and str(parsed) not in field.choices:
        raise _invalid(field, value)
    return parsed


def _invalid(field: Field, value: Any) -> ApiError:
    return ApiError(422, f"Invalid value for attribute: '{field.name}'")


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


def parse_boolean(value: Any) -> bool | None:
    """Return the boolean that a value stands for, or None."""
    text = str(value).strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _flag(field: Field, value: Any) -> bool:
    parsed = parse_boolean(value)
    if parsed is None:
        raise _invalid(field, value)
    return parsed


def parse_datetime(text: str) -> dt.datetime | None:
    """Parse ISO 8601 or `YYYY-MM-DD hh:mm:ss`. Return a time in UTC, or None."""
    try:
        parsed = dt.datetime.fromisoformat(text.strip())
        return parsed.replace(tzinfo=dt.UTC) if parsed.tzinfo is None else parsed.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def format_datetime(moment: dt.datetime) -> str:
    """Format a time as it is stored and shown: `YYYY-MM-DD hh:mm:ss`."""
    return moment.replace(tzinfo=None, microsecond=0).isoformat(" ")


def format_timestamp(seconds: float) -> str:
    """Format a time given in seconds since 1970."""
    return format_datetime(dt.datetime.fromtimestamp(seconds, dt.UTC))


def to_iso(stored: str) -> str:
    """Format a stored time like the newer parts of the API: `2026-01-31T09:00:00.000000Z`."""
    return f"{stored.replace(' ', 'T')}.000000Z"


def _moment(field: Field, value: Any) -> str | None:
    text = str(value).strip()
    if text in _CLEARED or not text:
        return None
    parsed = parse_datetime(text)
    if parsed is None:
        raise _invalid(field, value)
    if field.type is FieldType.BIRTHDAY:
        return f"1970-{parsed.month:02}-{parsed.day:02}"
    return format_datetime(parsed)[:10] if field.type is FieldType.DATE else format_datetime(parsed)


_READERS = {
    FieldType.TEXT: _text,
    FieldType.NUMBER: _number,
    FieldType.BOOLEAN: _flag,
    FieldType.DATE: _moment,
    FieldType.DATETIME: _moment,
    FieldType.BIRTHDAY: _moment,
    FieldType.TIMESTAMP: _moment,
}


def phone_digits(value: Any) -> str:
    """Return the digits of a phone number, or an empty string if there are fewer than seven."""
    found = "".join(filter(str.isdigit, str(value or "")))
    return found if len(found) >= SHORTEST_PHONE else ""
