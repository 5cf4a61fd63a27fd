"""Write paths, query strings and bodies in the vendor's format. Refuse what its syntax can't express."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlencode

from ..errors import invalid

#: What a filter may compare with. Datetimes need a time zone and are sent in UTC; booleans are sent as 1 and 0.
FilterValue = str | int | bool | Decimal | dt.datetime | dt.date
Filter = Mapping[str, FilterValue]

#: The vendor's largest page size.
MAX_PAGE_SIZE = 100

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", re.ASCII)


def sort_fields(sort: str | Iterable[str]) -> tuple[str, ...]:
    """Return the fields to sort by, given as one name or several."""
    return (sort,) if isinstance(sort, str) else tuple(sort)


def list_query(*, number: int, size: int, filter: Filter, sort: str | Iterable[str]) -> str:
    """Return the percent-encoded query string for one page of a list. Raise Rejected for invalid arguments."""
    if number < 1:
        raise invalid("Page numbers start at 1.")
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise invalid(f"The page size must be 1 to {MAX_PAGE_SIZE}.")
    pairs: list[tuple[str, str]] = [("page[number]", str(number)), ("page[size]", str(size))]
    if filter:
        pairs.append(("filter", filter_expression(filter)))
    fields = sort_fields(sort)
    if fields:
        pairs.append(("sort", ",".join(_sort_field(name) for name in fields)))
    return query_string(pairs)


def filter_expression(filter: Filter) -> str:
    """Return the value of the `filter` parameter. Raise Rejected for what its syntax can't express."""
    return ",".join(f"{_field_name(name)}={_filter_value(name, filter[name])}" for name in filter)


def query_string(params: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """Return a percent-encoded query string, with %20 for a space, which every server reads alike.

    Values are written as in filters. A parameter that is None is left out. Raise Rejected for any other type.
    """
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        written = [(name, _query_text(value)) for name, value in pairs if value is not None]
        return urlencode(written, quote_via=quote)
    except (TypeError, ValueError):
        raise invalid(
            "A query parameter must be text, a whole number, a Decimal, a date, a datetime with a time zone, or a "
            "boolean."
        ) from None


def path_segment(id: object) -> str:
    """Return an id as one percent-encoded path segment. Raise Rejected for what can't be an id."""
    text = str(id)
    if isinstance(id, bool) or not isinstance(id, str | int) or text in ("", ".", ".."):
        raise invalid("This is not a valid id.")
    try:
        return quote(text, safe="")
    except UnicodeError:
        raise invalid("This is not a valid id.") from None


def relative_path(path: str) -> str:
    """Return the path with one leading slash. Raise Rejected unless it stays below the base URL."""
    trimmed = path.removeprefix("/")
    segments = unquote(trimmed).replace("\\", "/").split("/")
    if (
        not _PATH.fullmatch(trimmed)
        or trimmed.startswith("/")
        or "://" in trimmed
        or {".", ".."} & set(segments)
    ):
        raise invalid(
            "A path must be relative to the environment's base URL, such as teams/5, without .. segments. Put "
            "parameters into params.",
            code="invalid_path",
        )
    return f"/{trimmed}"


def json_body(data: Any) -> bytes:
    """Return the data as JSON. Raise Rejected for a type that JSON has no form for.

    Datetimes are written in UTC as the vendor writes them, "YYYY-MM-DD hh:mm:ss", and dates as "YYYY-MM-DD". Decimals
    are written as text, which keeps every digit.
    """
    try:
        return json.dumps(data, allow_nan=False, default=_json_text).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise invalid(
            "The data can't be written as JSON. Use text, finite numbers, booleans, dates, datetimes with a time zone, "
            "lists and mappings."
        ) from None


def _json_text(value: object) -> str:
    if isinstance(value, dt.datetime):
        return _utc_text(value, " ")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _digits(value)
    raise TypeError("not JSON")


def _query_text(value: object) -> str:
    """Return a value as it is written in a query string. Raise TypeError or ValueError if there is no way to."""
    if isinstance(value, dt.datetime):
        return f"{_utc_text(value, 'T')}Z"
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return _digits(value)
    if not isinstance(value, str | int | dt.date):
        raise TypeError("not a type of query parameters")
    return str(value)


def _utc_text(timestamp: dt.datetime, separator: str) -> str:
    if timestamp.tzinfo is None:
        raise ValueError("a datetime without a time zone")
    # strftime would write the year 2 as "2"
    return timestamp.astimezone(dt.UTC).replace(tzinfo=None).isoformat(separator, "seconds")


def _digits(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError("not a finite number")
    return f"{number:f}"


def _field_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(
            "The field name in a filter or sort order may only contain letters, digits, dots and underscores.",
            code="filter",
        )
    return name


def _sort_field(name: str) -> str:
    return f"-{_field_name(name[1:])}" if name.startswith("-") else _field_name(name)


def _filter_value(name: str, value: object) -> str:
    try:
        text = _query_text(value)
    except TypeError:
        raise invalid(
            f"The filter {name} must compare with text, a number, a date, a datetime or a boolean.",
            code="filter",
        ) from None
    except ValueError:
        raise invalid(
            f"The filter {name} needs a datetime with a time zone or a finite number.", code="filter"
        ) from None
    if not text or "," in text or "=" in text:
        raise invalid(
            f"The filter {name} can't compare with an empty value or one with a comma or equals sign, because Total "
            "Expert's filters have no quoting. Filter by another field and compare in your code.",
            code="filter",
        )
    return text
