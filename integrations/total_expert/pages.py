"""Pages of a list, and walking through them with some fetched ahead."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .calls import Begun, Caller, Request
from .errors import Rejected
from .records import Record
from .values import integer
from .verdicts import unreadable

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """One page: its records and number, the numbers of the last and the next page (None at the end).

    `unreadable` holds what stood among the items and is no record (it lacks its id), so that one bad record
    does not hide the others.
    """

    items: tuple[T_co, ...]
    number: int
    last: int
    next: int | None
    size: int
    unreadable: tuple[Any, ...] = field(default=(), repr=False)


def read_page(data: Any, kind: type[R], *, number: int, size: int, path: str) -> Page[R]:
    """The page in an answer. Raises TryLater when it is not of the documented shape.

    The list is called `items`, in the vendor's prose `objects`. Links are page numbers; a `next` that does
    not lead forward is no page's, and is not followed in circles.
    """
    listed, links = _envelope(data)
    if listed is None or links is None:
        raise unreadable("GET", path)
    following = links.get("next")
    successor = integer(following)
    if following is not None and (successor is None or successor <= number):
        raise unreadable("GET", path)
    records = [(kind.read(each), each) for each in listed]
    return Page(
        items=tuple(record for record, _ in records if record is not None),
        number=number,
        last=max(integer(links.get("last")) or 0, successor or number),
        next=successor,
        size=size,
        unreadable=tuple(each for record, each in records if record is None),
    )


def _envelope(data: Any) -> tuple[list[Any] | None, dict[str, Any] | None]:
    if isinstance(data, list):
        return data, {}
    if not isinstance(data, dict):
        return None, None
    listed = data["items"] if isinstance(data.get("items"), list) else data.get("objects")
    links = data.get("links")
    return listed if isinstance(listed, list) else None, links if isinstance(links, dict) else None


def walk(
    caller: Caller,
    request: Callable[[int], Request],
    read: Callable[[Any, int], Page[R]],
    *,
    start: int,
    ahead: int,
) -> Generator[Page[R], None, None]:
    """One page after the other from number `start`, up to `ahead` of them fetched in advance by threads.

    Pages are fetched ahead only as far as the page before said they go. A page that has vanished meanwhile,
    since the list became shorter, is the end.
    """
    if not ahead:
        yield from _walk(start, lambda number: caller.call(request(number)), read, lambda page: None)
        return
    waiting: deque[tuple[int, Begun]] = deque()
    with ThreadPoolExecutor(ahead, thread_name_prefix="total-expert-ahead") as executor:

        def fetch(number: int) -> Any:
            skipped = []
            while waiting and waiting[0][0] != number:
                skipped.append(waiting.popleft()[1])
            caller.abandon(skipped)
            return caller.settle(waiting.popleft()[1]) if waiting else caller.call(request(number))

        def look_ahead(page: Page[R]) -> None:
            first = waiting[-1][0] + 1 if waiting else page.number + 1
            for number in range(first, min(page.last, page.number + ahead) + 1):
                waiting.append((number, caller.begin(request(number), executor)))

        try:
            yield from _walk(start, fetch, read, look_ahead)
        finally:
            caller.abandon([begun for _, begun in waiting])


def _walk(
    start: int,
    fetch: Callable[[int], Any],
    read: Callable[[Any, int], Page[R]],
    look_ahead: Callable[[Page[R]], None],
) -> Generator[Page[R], None, None]:
    number: int | None = start
    while number is not None:
        try:
            page = read(fetch(number), number)
        except Rejected as refusal:
            if refusal.code == "page_out_of_range" and number > start:
                return
            raise
        if page.next is not None:
            look_ahead(page)
        yield page
        number = page.next
