"""Lists of the admin page by key: each page begins after a row, so nothing is counted and the last page is fast."""

import base64
import binascii
import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest
from django.utils.text import capfirst

if TYPE_CHECKING:
    from portal.core.admin.read_only import ReadOnlyAdmin


@dataclass(frozen=True)
class Page:
    """One page of a list, with the keys of the pages beside it ("" where there is none)."""

    rows: list[Any] = field(default_factory=list)
    after: str = ""
    before: str = ""


def page(rows: "models.QuerySet[Any]", column: str, *, size: int, after: str = "", before: str = "") -> Page:
    """Return the page of ``rows`` that begins after, or ends before, a key: the first one where the key is broken.

    ``column`` is what the list is ordered by, descending with a leading minus. It holds no nulls and has an index; the
    primary key decides between equal values.
    """
    name, descending = column.lstrip("-"), column.startswith("-")
    key = _read(after or before, rows.model, name)
    backwards = bool(before and not after and key)
    descending = descending != backwards
    if key is not None:
        past = "lt" if descending else "gt"
        value, pk = key
        rows = rows.filter(**{f"{name}__{past}e": value})
        rows = rows.filter(Q(**{f"{name}__{past}": value}) | Q(**{name: value, f"pk__{past}": pk}))
    sign = "-" if descending else ""
    found = list(rows.order_by(f"{sign}{name}", f"{sign}pk")[: size + 1])
    more = len(found) > size
    found = found[:size][::-1] if backwards else found[:size]
    if not found:
        return Page()
    return Page(
        rows=found,
        after=_write(found[-1], name) if more or backwards else "",
        before=_write(found[0], name) if (more if backwards else key is not None) else "",
    )


def _write(row: models.Model, name: str) -> str:
    value = getattr(row, name)
    parts = [value.isoformat() if isinstance(value, dt.datetime) else value, row.pk]
    return base64.urlsafe_b64encode(json.dumps(parts, default=str).encode()).decode().rstrip("=")


def _read(key: str, model: type[models.Model], name: str) -> tuple[Any, Any] | None:
    """Return the value and the primary key that a key names, or None for one that no page here has given out."""
    options = model._meta
    column = options.pk if name == "pk" else options.get_field(name)
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(key[:600] + "=" * (-len(key[:600]) % 4)))
        read = column.to_python(value), options.pk.to_python(pk)  # type: ignore[union-attr]
    except (ValueError, TypeError, binascii.Error, ValidationError, OverflowError, RecursionError):
        return None
    return None if any(map(_is_unusable, read)) else read


def _is_unusable(value: object) -> bool:
    """Return whether a database would refuse to compare with ``value``: such as a NUL or a time that UTC doesn't have."""
    if isinstance(value, str):
        return "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value)
    if isinstance(value, int):
        return abs(value) >= 2**63
    return value is None or isinstance(value, dt.datetime) and not _is_in_utc(value)


def _is_in_utc(moment: dt.datetime) -> bool:
    """Return whether ``moment`` has a time zone and is within the years that datetimes have in UTC."""
    try:
        return moment.tzinfo is not None and moment.astimezone(dt.UTC) is not None
    except OverflowError:
        return False


class KeysetChangeList(ChangeList):
    """A change list that counts nothing. Its ``p`` is ``after:KEY`` or ``before:KEY`` instead of a number."""

    model_admin: "ReadOnlyAdmin"

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.title = str(capfirst(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> "models.QuerySet[Any]":
        """Return the rows of the list, without the columns that it does not show."""
        self.root_queryset = self.model_admin.for_list(request, self.root_queryset)
        found = super().get_queryset(request, exclude_parameters)
        return found.defer(*self.model_admin.list_defer) if self.model_admin.list_defer else found

    def get_ordering(self, request: HttpRequest, queryset: "models.QuerySet[Any]") -> list[Any]:
        """Return the one column to order by, which is one of the admin's ``sorts``, and the primary key."""
        wanted = super().get_ordering(request, queryset)[0] if ORDER_VAR in self.params else None
        known = isinstance(wanted, str) and wanted.lstrip("-") in self.model_admin.sorts
        self.column = str(wanted) if known else str(self.model_admin.ordering[0])  # type: ignore[index]
        return [self.column, "-pk" if self.column.startswith("-") else "pk"]

    def get_results(self, request: HttpRequest) -> None:
        """Read one page. What the stock list would count, it does not know."""
        where, _, key = request.GET.get(PAGE_VAR, "").partition(":")
        found = self.read_page(request, **{where: key} if where in ("after", "before") else {})
        self.result_list = found.rows
        self.result_count = len(found.rows)
        self.show_full_result_count, self.full_result_count = False, None
        self.show_admin_actions = bool(found.rows)
        self.can_show_all, self.multi_page = False, False
        self.paginator = Paginator(found.rows, max(1, len(found.rows)))
        self.next_page = self.get_query_string({PAGE_VAR: f"after:{found.after}"}) if found.after else ""
        self.previous_page = (
            self.get_query_string({PAGE_VAR: f"before:{found.before}"}) if found.before else ""
        )

    def read_page(self, request: HttpRequest, *, after: str = "", before: str = "") -> Page:
        """Return the page that the address asks for."""
        return page(self.queryset, self.column, size=self.list_per_page, after=after, before=before)
