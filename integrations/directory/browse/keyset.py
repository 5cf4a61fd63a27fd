"""Pages of the list by key: a page starts after a row instead of at a number, so the last is as fast as the first."""

import base64
import binascii
import datetime as dt
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from integrations.directory.browse.selection import Order
from integrations.directory.models import Contact, ContactQuerySet
from portal.core import paging

PAGE = paging.SIZE
#: Up to this many matches are found first and then sorted. More are found fast enough by following the order's index.
FEW = 2000
#: Keys that this module writes are shorter.
_LONGEST_KEY = 1200
#: The order whose index has every column that can be filtered by (`FILTERED` in the models).
_WIDE = ("sort_name", "pk")


@dataclass(frozen=True)
class Page:
    """One page of the list, with the keys of the pages before and after it. Empty keys mean that there is none."""

    rows: list[Contact] = field(default_factory=list)
    after: str = ""
    before: str = ""


def count(contacts: ContactQuerySet, limit: int | None = None) -> int:
    """Return how many contacts there are. Stop counting at ``limit``."""
    if connection.vendor == "sqlite":
        # SQLite takes the wide index only when the order of a limited list asks for it: four times as fast.
        return contacts.order_by(*_WIDE).values("pk")[: limit or sys.maxsize].count()
    return contacts[:limit].count() if limit else contacts.count()


#: Long fields that the list doesn't show.
NOT_SHOWN = ("search", "digest")


def page(
    contacts: ContactQuerySet, order: Order, *, after: str = "", before: str = "", size: int | None = None
) -> Page:
    """Return the page that starts after a key or ends before one: the first page without a valid key.

    A page has ``size`` rows, `PAGE` by default.
    """
    size = size or PAGE
    key = _read_key(after or before, order)
    backwards = bool(before and not after and key)
    descending = order.descending != backwards
    rows = contacts if order.column == _WIDE[0] else _few(contacts)
    if key is not None:
        value, pk = key
        past = "lt" if descending else "gt"
        rows = rows.filter(**{f"{order.column}__{past}e": value}).filter(
            Q(**{f"{order.column}__{past}": value}) | Q(**{order.column: value, f"pk__{past}": pk})
        )
    sign = "-" if descending else ""
    rows = rows.select_related("owner").defer(*NOT_SHOWN)
    found = list(rows.order_by(f"{sign}{order.column}", f"{sign}pk")[: size + 1])
    more = len(found) > size
    found = found[:size][::-1] if backwards else found[:size]
    if not found:
        return Page()
    return Page(
        rows=found,
        after=key_of(found[-1], order) if more or backwards else "",
        before=key_of(found[0], order) if (more if backwards else key is not None) else "",
    )


def chunks(contacts: ContactQuerySet, order: Order, *, size: int) -> Iterator[list[Contact]]:
    """Yield all contacts in order, at most ``size`` at a time. Each chunk is a query of its own."""
    after = ""
    while True:
        found = page(contacts, order, after=after, size=size)
        if found.rows:
            yield found.rows
        if not found.after:
            return
        after = found.after


def neighbors(
    contacts: ContactQuerySet, order: Order, contact: Contact
) -> tuple[Contact | None, Contact | None]:
    """Return the contacts before and after one of ``contacts``. None means that there is none."""
    key = key_of(contact, order)
    before = page(contacts, order, before=key, size=1).rows
    after = page(contacts, order, after=key, size=1).rows
    return (before[0] if before else None, after[0] if after else None)


def _few(contacts: ContactQuerySet) -> ContactQuerySet:
    """Return the same contacts, by their IDs if they are few: finding them in the order's index would take long."""
    ids = list(contacts.order_by(*_WIDE).values_list("pk", flat=True)[: FEW + 1])
    return Contact.objects.filter(pk__in=ids) if len(ids) <= FEW else contacts


def key_of(contact: Contact, order: Order) -> str:
    """Return the key of a contact, after which a page starts or before which one ends."""
    value = getattr(contact, order.column)
    text = value.isoformat() if isinstance(value, dt.datetime) else value
    return base64.urlsafe_b64encode(json.dumps([text, contact.pk]).encode()).decode().rstrip("=")


def _read_key(key: str, order: Order) -> tuple[Any, int] | None:
    if len(key) > _LONGEST_KEY:  # nested so deep that reading it would exhaust the stack
        return None
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        if not isinstance(value, str) or not isinstance(pk, int) or abs(pk) >= 2**63 or "\0" in value:
            return None
        value.encode()  # raises for a lone surrogate, which no text of ours has
        if order.column.endswith("_at"):
            time = dt.datetime.fromisoformat(value)
            return (time.astimezone(dt.UTC), pk) if time.tzinfo else None
        return value, pk
    except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error):
        return None
