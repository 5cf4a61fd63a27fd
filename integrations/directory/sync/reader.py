"""Reading a list that changes meanwhile, by the time of the last change instead of by page number.

Each request asks for what changed at or after the last record read, oldest change first. A record that is edited meanwhile
moves to the end and is read again. A new record is appended at the end. A deleted one shifts nothing, because each request
starts at a time and not at a position. Page numbers are used only where more records than fit on a page share one second,
and throughout if the server doesn't sort as requested.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from integrations import total_expert
from integrations.total_expert import Client, Page, Rejected

R = TypeVar("R")
ORDER = ("internal_updated_at",)
#: Contacts on a page: the most that Total Expert returns.
SIZE = 100


@dataclass(frozen=True)
class Position:
    """A place in the list: the time that the next request starts at (None: the beginning), and the page from there."""

    since: dt.datetime | None = None
    page: int = 1
    by_number: bool = False

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Return the position that `dump` wrote."""
        since = dt.datetime.fromisoformat(data["since"]) if data.get("since") else None
        return cls(since, int(data.get("page", 1)), bool(data.get("by_number")))

    def dump(self) -> dict[str, Any]:
        """Return JSON for a job's cursor."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "page": self.page,
            "by_number": self.by_number,
        }


def fetch(client: Client, position: Position, **filters: Any) -> Page[total_expert.Contact]:
    """Return the page of contacts at a position. Raise the client's errors."""
    conditions = dict(filters)
    if position.since is not None:
        conditions["internal_updated_at_start"] = position.since
    return fetch_or_end(
        position.page,
        lambda: client.contacts.list(page=position.page, size=SIZE, filter=conditions, sort=ORDER),
    )


def fetch_or_end(number: int, request: Callable[[], Page[R]]) -> Page[R]:
    """Return the page that ``request`` returns, or an empty last page if the list no longer has page ``number``."""
    try:
        return request()
    except Rejected as refused:
        if refused.code != "page_out_of_range" or number == 1:
            raise
        return Page(items=(), number=number, last=number, next=None, size=0)


def after(position: Position, page: Page[total_expert.Contact]) -> Position | None:
    """Return the position that follows ``page``. None means the end of the list."""
    if page.next is None:
        return None
    if position.by_number or not _is_in_order(position, page):
        return replace(position, page=page.next, by_number=True)
    latest = page.items[-1].internal_updated_at
    if latest is not None and (position.since is None or latest > position.since):
        return Position(since=latest)
    return replace(position, page=page.next)


def _is_in_order(position: Position, page: Page[total_expert.Contact]) -> bool:
    times = [item.internal_updated_at for item in page.items]
    known = [time for time in times if time is not None]
    if not times or len(known) < len(times) or (position.since and known[0] < position.since):
        return False
    return all(earlier <= later for earlier, later in zip(known, known[1:], strict=False))
