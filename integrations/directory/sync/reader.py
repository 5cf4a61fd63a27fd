"""Reading a list that changes meanwhile, by the time of the last change instead of by page number.

Each request asks for what changed at or after the last record read, oldest change first. A record that is edited meanwhile
moves to the end and is read again. A new record is appended at the end. A deleted one shifts nothing, because each request
starts at a time and not at a position.

Page numbers are used only where more records than fit on a page share one second, and throughout if the server doesn't sort
as requested. What is read by page numbers is read again until two reads agree, because a record that moves meanwhile shifts
another one to a page that was read already.
"""

import datetime as dt
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeVar

from integrations import total_expert
from integrations.total_expert import Client, Page, Rejected

R = TypeVar("R")
ORDER = ("internal_updated_at",)
#: Contacts on a page: the most that Total Expert returns.
SIZE = 100
#: How often records that share a second, or a list by page numbers, are read until two reads agree.
MAX_READS = 6
#: How many of the latest pages a page is compared with, to notice a list that repeats itself.
REMEMBERED = 64
#: The most pages of one list. A list that has more doesn't end.
MAX_PAGES = 50_000
SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class Tally:
    """How many records a read found, and a sum over their IDs. Two reads of the same records have equal tallies."""

    count: int = 0
    checksum: int = 0

    def plus(self, ids: Iterable[int]) -> "Tally":
        """Return the tally with more records."""
        listed = list(ids)
        added = sum(zlib.crc32(str(id).encode()) * (id % 65_521 + 1) for id in listed)
        return Tally(self.count + len(listed), (self.checksum + added) % 2**53)


@dataclass(frozen=True)
class Numbered:
    """The state of reading by page numbers: what this read found so far, what the one before found, and recent pages."""

    tally: Tally = Tally()
    before: Tally | None = None
    reads: int = 1
    recent: tuple[int, ...] = ()

    @classmethod
    def load(cls, data: dict[str, Any] | None) -> Self:
        """Return the state that `dump` wrote, or that of a first read."""
        if not data:
            return cls()
        before = Tally(*data["before"]) if data["before"] else None
        return cls(Tally(*data["tally"]), before, int(data["reads"]), tuple(data["recent"]))

    def dump(self) -> dict[str, Any]:
        """Return JSON for a job's cursor."""
        return {
            "tally": [self.tally.count, self.tally.checksum],
            "before": [self.before.count, self.before.checksum] if self.before else None,
            "reads": self.reads,
            "recent": list(self.recent),
        }

    def with_page(self, ids: list[int], counted: Iterable[int]) -> Self:
        """Return the state after a page with these IDs, of which ``counted`` belong to what is being read."""
        recent = (*self.recent, _mark(ids))[-REMEMBERED:]
        return replace(self, tally=self.tally.plus(counted), recent=recent)

    def repeats(self, page: Page[Any]) -> bool:
        """Return whether the list repeats itself: its next link leads back, or it had this page already."""
        ids = [item.id for item in page.items]
        return page.leads_back or (page.next is not None and bool(ids) and _mark(ids) in self.recent)

    @property
    def is_settled(self) -> bool:
        """Return whether this read found what the one before it found."""
        return self.tally == self.before

    def again(self) -> Self | None:
        """Return the state of another read, or None after the last one."""
        if self.reads >= MAX_READS:
            return None
        return type(self)(before=self.tally, reads=self.reads + 1)


def _mark(ids: Iterable[int]) -> int:
    return zlib.crc32(",".join(map(str, sorted(ids))).encode())


@dataclass(frozen=True)
class Position:
    """A place in the list of contacts: the time that the next request starts at (None: the beginning), and the page from
    there. ``by_number`` means that the server doesn't sort.
    """

    since: dt.datetime | None = None
    page: int = 1
    by_number: bool = False
    numbered: Numbered = Numbered()

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Return the position that `dump` wrote."""
        since = dt.datetime.fromisoformat(data["since"]) if data.get("since") else None
        numbered = Numbered.load(data.get("numbered"))
        return cls(since, int(data.get("page", 1)), bool(data.get("by_number")), numbered)

    def dump(self) -> dict[str, Any]:
        """Return JSON for a job's cursor."""
        return {
            "since": self.since.isoformat() if self.since else None,
            "page": self.page,
            "by_number": self.by_number,
            "numbered": self.numbered.dump() if self.numbered != Numbered() else None,
        }

    @property
    def is_first_read(self) -> bool:
        """Return whether nothing from here on was read before in this pass."""
        return self.numbered.reads == 1


@dataclass(frozen=True)
class Step:
    """What follows a page: the next position (None: the end of the list), and what went wrong, if anything.

    ``repeats`` says that the list repeats itself. ``is_unsettled`` says that no two reads agreed.
    """

    position: Position | None
    repeats: bool = False
    is_unsettled: bool = False


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


def after(position: Position, page: Page[total_expert.Contact]) -> Step:
    """Return what follows ``page``, which was read at ``position``."""
    if not page.items and (page.next is not None or page.leads_back):
        return Step(None, repeats=True)  # an empty page is the end, whatever its links say
    if not position.by_number and not _is_in_order(position, page):
        if page.next is None and not page.leads_back and position.page == 1:
            return Step(None)  # the whole list at once
        position = Position(position.since, position.page, True)
        if position.page > 1:
            return Step(replace(position, page=1))
    if position.by_number:
        return after_numbered(position, page)
    return _after_timed(position, page)


def after_numbered(position: Position, page: Page[Any]) -> Step:
    """Return what follows a page of a list that is read by page numbers."""
    ids = [item.id for item in page.items]
    if position.numbered.repeats(page) or position.page >= MAX_PAGES:
        return Step(None, repeats=True)
    numbered = position.numbered.with_page(ids, ids)
    if page.next is not None:
        return Step(replace(position, page=page.next, numbered=numbered))
    if position.page == 1 or numbered.is_settled:
        return Step(None)
    again = numbered.again()
    if again is None:
        return Step(None, is_unsettled=True)
    return Step(replace(position, page=1, numbered=again))


def _after_timed(position: Position, page: Page[total_expert.Contact]) -> Step:
    """Continue with the next second, or with the next page if this one has more records than the page."""
    since = position.since
    latest = page.items[-1].internal_updated_at if page.items else None
    is_over = page.next is None and not page.leads_back
    if position.page == 1 and latest is not None and (since is None or latest > since):
        return Step(None if is_over else Position(since=latest))
    if position.page == 1 and is_over:
        return Step(None)
    if position.numbered.repeats(page) and since is not None:
        return Step(Position(since=since + SECOND), repeats=True)
    shared = [item.id for item in page.items if item.internal_updated_at == since]
    numbered = position.numbered.with_page([item.id for item in page.items], shared)
    leaves = is_over or (latest is not None and since is not None and latest > since)
    if not leaves and page.next is not None:
        return Step(replace(position, page=page.next, numbered=numbered))
    following = None if is_over else Position(since=latest)
    if numbered.is_settled:
        return Step(following)
    again = numbered.again()
    if again is None:
        return Step(following, is_unsettled=True)
    return Step(Position(since, numbered=again))


def _is_in_order(position: Position, page: Page[total_expert.Contact]) -> bool:
    times = [item.internal_updated_at for item in page.items]
    known = [time for time in times if time is not None]
    if not times:
        return True
    if len(known) < len(times) or (position.since and known[0] < position.since):
        return False
    return all(earlier <= later for earlier, later in zip(known, known[1:], strict=False))
