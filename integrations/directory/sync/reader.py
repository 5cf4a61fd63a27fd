"""Walking through a list that changes meanwhile: by the time of the last change, not by page numbers.

Each step asks for what changed at or after the last record read, oldest change first. What is edited meanwhile moves
to the end, where it is read again; what is created comes at the end; what is deleted moves nothing, because each step
begins at a moment and not at a position. Only where more records than a page share one second are page numbers used.
A server that does not sort as asked is walked by page numbers altogether.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from integrations import total_expert
from integrations.total_expert import Client, Page, Rejected

R = TypeVar("R")
ORDER = ("internal_updated_at",)
#: Contacts on a page: the most that Total Expert gives.
SIZE = 100


@dataclass(frozen=True)
class Position:
    """Where a walk stands: the moment its next step begins at (None: the beginning) and the page from there."""

    since: dt.datetime | None = None
    page: int = 1
    by_number: bool = False

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """A position as `dump` wrote it."""
        since = dt.datetime.fromisoformat(data["since"]) if data.get("since") else None
        return cls(since, int(data.get("page", 1)), bool(data.get("by_number")))

    def dump(self) -> dict[str, Any]:
        """JSON for a job's cursor."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "page": self.page,
            "by_number": self.by_number,
        }


def fetch(client: Client, position: Position, **filters: Any) -> Page[total_expert.Contact]:
    """The page of contacts at a position. Raises the client's errors."""
    asked = dict(filters)
    if position.since is not None:
        asked["internal_updated_at_start"] = position.since
    return ended_or(
        position.page, lambda: client.contacts.list(page=position.page, size=SIZE, filter=asked, sort=ORDER)
    )


def ended_or(number: int, ask: Callable[[], Page[R]]) -> Page[R]:
    """The page that ``ask`` answers; an empty last one where the list has become too short for page ``number``."""
    try:
        return ask()
    except Rejected as refused:
        if refused.code != "page_out_of_range" or number == 1:
            raise
        return Page(items=(), number=number, last=number, next=None, size=0)


def after(position: Position, page: Page[total_expert.Contact]) -> Position | None:
    """Where to go on after ``page``; None at the end."""
    if page.next is None:
        return None
    if position.by_number or not _in_order(position, page):
        return replace(position, page=page.next, by_number=True)
    latest = page.items[-1].internal_updated_at
    if latest is not None and (position.since is None or latest > position.since):
        return Position(since=latest)
    return replace(position, page=page.next)


def _in_order(position: Position, page: Page[total_expert.Contact]) -> bool:
    moments = [item.internal_updated_at for item in page.items]
    known = [moment for moment in moments if moment is not None]
    if not moments or len(known) < len(moments) or (position.since and known[0] < position.since):
        return False
    return all(earlier <= later for earlier, later in zip(known, known[1:], strict=False))
