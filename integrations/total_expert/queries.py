"""Writing paths and query strings the way Total Expert reads them, and refusing what its syntax can't say."""

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote, unquote, urlencode

from .errors import Rejected

#: What a filter may compare with. Datetimes must know their zone and are sent in UTC; booleans as 1 and 0.
FilterValue = str | int | bool | Decimal | dt.datetime | dt.date
Filter = Mapping[str, FilterValue]

#: The vendor's largest page.
LARGEST_PAGE = 100

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*", re.ASCII)
_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]+", re.ASCII)


def invalid(reason: str, *, code: str = "invalid_request") -> Rejected:
    """A refusal before anything was sent."""
    return Rejected([reason], code=code)


def order_of(sort: str | Iterable[str]) -> tuple[str, ...]:
    """The names to sort by, also where there is only one."""
    return (sort,) if isinstance(sort, str) else tuple(sort)


def list_query(*, number: int, size: int, filter: Filter, sort: str | Iterable[str]) -> str:
    """The query string of one page of a list, percent-encoded."""
    if number < 1:
        raise invalid("Pages are numbered from 1.")
    if not 1 <= size <= LARGEST_PAGE:
        raise invalid(f"A page holds 1 to {LARGEST_PAGE} records.")
    pairs: list[tuple[str, str]] = [("page[number]", str(number)), ("page[size]", str(size))]
    if filter:
        pairs.append(
            ("filter", ",".join(f"{_name(name)}={_compared(name, filter[name])}" for name in filter))
        )
    order = order_of(sort)
    if order:
        pairs.append(("sort", ",".join(_order(name) for name in order)))
    return encode(pairs)


def encode(params: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> str:
    """A query string; a space becomes %20 and a plus %2B, which every server reads alike.

    Values are written as in filters, None leaves a parameter out. Raises Rejected for anything else.
    """
    pairs = params.items() if isinstance(params, Mapping) else params
    try:
        written = [(name, _as_text(value)) for name, value in pairs if value is not None]
        return urlencode(written, quote_via=quote)
    except (TypeError, ValueError):
        raise invalid(
            "A query parameter is text, a whole number or a Decimal, a date, a time with a zone, or true and false."
        ) from None


def segment(identifier: object) -> str:
    """An id as one segment of a path."""
    text = str(identifier)
    if isinstance(identifier, bool) or not isinstance(identifier, str | int) or text in ("", ".", ".."):
        raise invalid("This is not an id.")
    try:
        return quote(text, safe="")
    except UnicodeError:
        raise invalid("This is not an id.") from None


def relative_path(path: str) -> str:
    """`path` with one slash in front. Raises Rejected unless it stays below the base address."""
    trimmed = path.removeprefix("/")
    segments = unquote(trimmed).replace("\\", "/").split("/")
    if (
        not _PATH.fullmatch(trimmed)
        or trimmed.startswith("/")
        or "://" in trimmed
        or {".", ".."} & set(segments)
    ):
        raise invalid(
            "The path must be relative to the environment's address, such as contacts/12: no host, no "
            "query, nothing "
            "that leads upward. Parameters go into params.",
            code="invalid_path",
        )
    return f"/{trimmed}"


def encode_body(data: Any) -> bytes:
    """`data` as JSON. Datetimes become the vendor's "YYYY-MM-DD hh:mm:ss" in UTC, dates "YYYY-MM-DD".

    Decimals become text, which keeps every digit.
    """
    try:
        return json.dumps(data, allow_nan=False, default=_written).encode("utf-8")
    except (TypeError, ValueError, RecursionError):
        raise invalid(
            "The data can't be written as JSON: it holds something that is no text, number, list …"
        ) from None


def _written(value: object) -> str:
    if isinstance(value, dt.datetime):
        return _in_utc(value, "%Y-%m-%d %H:%M:%S")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return _in_digits(value)
    raise TypeError("not JSON")


def _as_text(value: object) -> str:
    """A value in a query string. Raises TypeError for what can't stand there, ValueError for what says too little."""
    if isinstance(value, dt.datetime):
        return _in_utc(value, "%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, Decimal):
        return _in_digits(value)
    if not isinstance(value, str | int | dt.date):
        raise TypeError("not a value of a query")
    return str(value)


def _in_utc(moment: dt.datetime, form: str) -> str:
    if moment.tzinfo is None:
        raise ValueError("a datetime without a zone")
    return moment.astimezone(dt.UTC).strftime(form)


def _in_digits(number: Decimal) -> str:
    if not number.is_finite():
        raise ValueError("not a number")
    return f"{number:f}"


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(
            "The name of a filter or order holds only letters, digits, dots and underscores.", code="filter"
        )
    return name


def _order(name: str) -> str:
    return f"-{_name(name[1:])}" if name.startswith("-") else _name(name)


def _compared(name: str, value: object) -> str:
    """A filter's value as text. The vendor's syntax has no quoting: a comma can't be said."""
    try:
        text = _as_text(value)
    except TypeError:
        raise invalid(
            f"The filter {name} compares with text, a number, a time, or true and false.", code="filter"
        ) from None
    except ValueError:
        raise invalid(
            f"The filter {name} needs a time with a zone, or a finite number.", code="filter"
        ) from None
    if not text or "," in text or "=" in text:
        raise invalid(
            f"The filter {name} can't compare with nothing, nor with a value that holds a comma or an "
            f"equals sign: Total "
            "Expert's filters have no way to say it. Filter by something else and compare here.",
            code="filter",
        )
    return text
