"""Pages of a list, and iterating over them with some fetched in advance."""

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qs

from ..calls import Request, RequestSender, StartedRequest
from ..errors import Rejected
from ..parse import array, integer, mapping
from ..records import Record
from ..transport.error_mapping import unreadable_response
from ..transport.network_errors import too_large

#: The most items on a page. Total Expert returns at most 100, but a server that ignores the size returns them all.
MAX_ITEMS = 5_000
#: The most pages in one iteration: ten million records.
MAX_PAGES = 100_000

#: The most characters of a link that are read.
_MAX_LINK = 4_000

T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Page(Generic[T_co]):
    """One page of a list.

    `number`, `last` and `next` are the numbers of this, the last and the next page; `next` is None on the last page.
    `leads_back` says that the server's next link leads to this page or an earlier one; `next` is None then.
    `size` is the requested page size. `unreadable` holds the items that are not valid records, such as one without an
    id, so that a bad record does not hide the others.
    """

    items: tuple[T_co, ...]
    number: int
    last: int
    next: int | None
    size: int
    unreadable: tuple[Any, ...] = field(default=(), repr=False)
    leads_back: bool = False


def parse_page(data: Any, kind: type[R], *, number: int, size: int, path: str) -> Page[R]:
    """Return the page in a response. Raise TryLater if it is not in the documented format.

    The list is called `items`, or `objects` in the vendor's prose. Links are page numbers, alone or in a URL's query
    (whose other parts are ignored: nothing is ever sent to it). Lists and objects may look
    as PHP writes them, and the link to no next page may be anything empty. More than MAX_ITEMS items raise Rejected with
    code "too_large".
    """
    items, links = _envelope(data)
    if items is None or links is None:
        raise unreadable_response("GET", path)
    if len(items) > MAX_ITEMS:
        raise too_large("GET", path)
    next_link = links.get("next")
    if next_link in ("", [], {}) or next_link is False:
        next_link = None
    next_number = _page_number(next_link)
    if next_link is not None and next_number is None:
        raise unreadable_response("GET", path)
    leads_back = next_number is not None and next_number <= number
    records = [(kind.from_json(each), each) for each in items]
    return Page(
        items=tuple(record for record, _ in records if record is not None),
        number=number,
        last=max(_page_number(links.get("last")) or 0, next_number or number),
        next=None if leads_back else next_number,
        size=size,
        unreadable=tuple(each for record, each in records if record is None),
        leads_back=leads_back,
    )


def _page_number(link: Any) -> int | None:
    """Return the page that a link leads to. Return None if that is not clear."""
    if not isinstance(link, str) or "?" not in link:
        return integer(link)
    try:
        query = parse_qs(link[:_MAX_LINK].partition("?")[2], max_num_fields=50)
    except ValueError:
        return None
    given = {value for name in ("page[number]", "page") for value in query.get(name, [])}
    return integer(given.pop()) if len(given) == 1 else None


def _envelope(data: Any) -> tuple[list[Any] | None, dict[str, Any] | None]:
    """Return the list and the links in a response, each None if it isn't there: what is missing is not empty."""
    if isinstance(data, list):
        return data, {}
    if not isinstance(data, dict) or "links" not in data or not ("items" in data or "objects" in data):
        return None, None
    items = array(data["items"] if data.get("items") or "objects" not in data else data["objects"])
    return items, mapping(data["links"])


def iterate_pages(
    sender: RequestSender,
    request_for: Callable[[int], Request],
    parse: Callable[[Any, int], Page[R]],
    *,
    start: int,
    prefetch: int,
) -> Generator[Page[R], None, None]:
    """Yield pages from number `start` on, with up to `prefetch` of them fetched in advance by threads.

    Pages are only fetched in advance if the last response said that they exist. A page that no longer exists, because
    the list became shorter, is the end.
    """
    if not prefetch:
        yield from _iterate(start, lambda number: sender.send(request_for(number)), parse, lambda page: None)
        return
    started: deque[tuple[int, StartedRequest]] = deque()
    with ThreadPoolExecutor(prefetch, thread_name_prefix="total-expert-prefetch") as executor:

        def fetch(number: int) -> Any:
            skipped = []
            while started and started[0][0] != number:
                skipped.append(started.popleft()[1])
            sender.cancel(skipped)
            return sender.finish(started.popleft()[1]) if started else sender.send(request_for(number))

        def start_next(page: Page[R]) -> None:
            first = started[-1][0] + 1 if started else page.number + 1
            for number in range(first, min(page.last, page.number + prefetch) + 1):
                started.append((number, sender.start(request_for(number), executor)))

        try:
            yield from _iterate(start, fetch, parse, start_next)
        finally:
            sender.cancel([request for _, request in started])


def _iterate(
    start: int,
    fetch: Callable[[int], Any],
    parse: Callable[[Any, int], Page[R]],
    start_next: Callable[[Page[R]], None],
) -> Generator[Page[R], None, None]:
    number: int | None = start
    count = 0
    while number is not None:
        count += 1
        if count > MAX_PAGES:
            raise Rejected(
                [f"The list has more than {MAX_PAGES} pages. Filter it."], code="too_large", method="GET"
            )
        try:
            page = parse(fetch(number), number)
        except Rejected as error:
            if error.code == "page_out_of_range" and number > start:
                return
            raise
        if page.next is not None:
            start_next(page)
        yield page
        number = page.next
